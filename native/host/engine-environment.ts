const PASSED_ON =
  /^(?:PATH|HOME|USERPROFILE|TMPDIR|TEMP|TMP|LANG|LC_\w+|SYSTEMROOT|WINDIR|LD_LIBRARY_PATH|DYLD_\w+|CUDA_VISIBLE_DEVICES|CUDA_PATH|CUDA_HOME|NVIDIA_\w+|GGML_\w+|VK_\w+|XDG_RUNTIME_DIR|ASSAY_ENGINE_\w+)$/i;

/**
 * The variables an engine process gets: a short list, not a copy. What chooses a device or finds its driver is on it;
 * secrets, proxies and the switches of other programs are not. Downloading and compiling are switched off.
 */
export function selectEngineEnvironment(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = Object.entries(all).filter(([name]) => PASSED_ON.test(name));
  return {
    ...Object.fromEntries(passed),
    NODE_LLAMA_CPP_SKIP_DOWNLOAD: 'true',
    ELECTRON_RUN_AS_NODE: '1',
    // A failed assertion would start a debugger to print its stack, for ten seconds.
    GGML_NO_BACKTRACE: '1',
    UV_THREADPOOL_SIZE: '8',
  };
}

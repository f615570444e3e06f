/** For tools that read single files with plain TypeScript; vue-tsc sees the components themselves. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue';

  const component: DefineComponent;
  export default component;
}

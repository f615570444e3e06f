declare module 'jsdom' {
  /** The part of jsdom these tests use; the package brings no types. */
  export class JSDOM {
    constructor(source: string, options?: { contentType?: string; runScripts?: 'dangerously' });
    readonly window: Window & typeof globalThis;
  }
}

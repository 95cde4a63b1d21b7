// Constants of the build (bundle-page.mjs).
declare const INSIDE_BASE: string;
declare const INSIDE_WORKERS: string;

/**
 * A real browser: Debian's Chromium, driven through its DevTools protocol.
 *
 * @module
 */
import puppeteer, { type Browser } from "puppeteer-core";
import { isInstalled } from "./child.ts";

export type { Browser, Page } from "puppeteer-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where the browser is; `undefined` when there is none. Under CI there must be one. */
export async function findBrowser(): Promise<string | undefined> {
  for (const name of NAMES.slice(1)) {
    if (await exists(`/usr/bin/${name}`)) return `/usr/bin/${name}`;
  }
  return await isInstalled(NAMES[0]!) ? `/usr/bin/${NAMES[0]}` : undefined;
}

/** Starts the browser with a profile of its own, which is removed with it. */
export async function launchBrowser(): Promise<Browser> {
  return await puppeteer.launch({
    executablePath: await findBrowser(),
    headless: true,
    args: FLAGS,
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

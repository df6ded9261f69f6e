import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--hide-scrollbars",
];

/** A Chromium on this machine, or null. FLM_CHROMIUM names one. */
export function findBrowser(): string | null {
  for (const name of [process.env.FLM_CHROMIUM ?? [], NAMES].flat()) {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return name;
    } catch {
      // The next name may be there.
    }
  }
  return null;
}

type Message = Record<string, unknown>;

/** A page in a headless browser, spoken to by the DevTools protocol over pipes: no port, no library. */
export class BrowserPage {
  /** What went to the console as an error or was thrown. */
  readonly errors: string[] = [];
  /** Addresses that the page asked for. */
  readonly requests: string[] = [];
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Map<string, () => void>();
  #session: string | undefined;
  #lastId = 0;

  private constructor(browser: string) {
    this.#profile = mkdtempSync(join(tmpdir(), "flm-browser-"));
    const args = [...FLAGS, "--remote-debugging-pipe", `--user-data-dir=${this.#profile}`];
    this.#child = spawn(browser, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let text = "";
    (this.#child.stdio[4] as Readable).setEncoding("utf8").on("data", (piece: string) => {
      const messages = (text + piece).split("\0");
      text = messages.pop()!;
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
  }

  static async open(browser: string): Promise<BrowserPage> {
    const page = new BrowserPage(browser);
    const { targetId } = await page.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await page.send("Target.attachToTarget", { targetId, flatten: true });
    page.#session = sessionId as string;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await page.send(`${domain}.enable`);
    return page;
  }

  /** Opens a file and waits until it has loaded. */
  async goto(path: string): Promise<void> {
    const loaded = new Promise<void>((done) => this.#listeners.set("Page.loadEventFired", done));
    await this.send("Page.navigate", { url: pathToFileURL(path).href });
    await loaded;
  }

  async resize(width: number, height: number, isPhone = false): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: isPhone };
    await this.send("Emulation.setDeviceMetricsOverride", size);
  }

  async prefer(scheme: "light" | "dark"): Promise<void> {
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.send("Emulation.setEmulatedMedia", { features });
  }

  /** What an expression is in the page; it must be JSON. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    return (result as { value: unknown }).value;
  }

  /** Presses and releases a key that writes nothing, like "Tab" or "ArrowLeft". */
  async press(key: string, windowsVirtualKeyCode: number): Promise<void> {
    for (const type of ["rawKeyDown", "keyUp"])
      await this.send("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data as string, "base64");
  }

  send(method: string, params: Message = {}): Promise<Message> {
    const id = ++this.#lastId;
    const message = { id, method, params, sessionId: this.#session };
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) =>
      this.#waiting.set(id, ({ result, error }) =>
        error === undefined
          ? resolve(result as Message)
          : reject(new Error(`${method}: ${JSON.stringify(error)}`)),
      ),
    );
  }

  async close(): Promise<void> {
    const ended = new Promise((done) => this.#child.once("close", done));
    this.#child.kill("SIGKILL");
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #receive(message: Message): void {
    const { id, method, params } = message as { id?: number; method?: string; params?: Message };
    if (id !== undefined) {
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
    } else if (method !== undefined) this.#notice(method, params as never);
  }

  #notice(
    method: string,
    params: {
      request?: { url: string };
      type?: string;
      entry?: { level: string; text: string };
      exceptionDetails?: unknown;
    },
  ): void {
    if (method === "Network.requestWillBeSent") this.requests.push(params.request!.url);
    if (method === "Runtime.exceptionThrown")
      this.errors.push(JSON.stringify(params.exceptionDetails));
    if (method === "Runtime.consoleAPICalled" && params.type === "error")
      this.errors.push(JSON.stringify(params));
    if (method === "Log.entryAdded" && params.entry!.level === "error")
      this.errors.push(params.entry!.text);
    this.#listeners.get(method)?.();
  }
}

// Checks the pages of `cnn diagram --all` and `cnn figures` in a browser: uses the switches, clicks, and reports problems.
//
//   cargo run -p cnn-cli -- diagram --all target/gallery
//   cargo run -p cnn-cli -- figures target/figures
//   node tools/gallery.mjs target/gallery target/figures
//
// Needs Chromium, or the browser that CHROMIUM names; nothing is installed. Screenshots are written next to the pages, as PNG.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const WIDTHS = [1200, 700, 400];

/** Chromium, controlled through two pipes: requests and answers are JSON, each followed by a zero byte. */
class Browser {
    constructor() {
        this.profile = mkdtempSync(join(tmpdir(), "gallery-"));
        // Without the sandbox, it also runs in containers and as root; the pages are our own.
        const switches = ["--headless", "--no-sandbox", "--hide-scrollbars", "--remote-debugging-pipe"];
        const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
        this.process = spawn(process.env.CHROMIUM ?? "chromium", [...switches, `--user-data-dir=${this.profile}`], { stdio });
        this.waiting = new Map();
        this.ended = new Promise((done) => {
            this.process.on("exit", () => done("the browser ended too early"));
            this.process.on("error", (error) => done(`${error.message}: install Chromium, or name it in CHROMIUM`));
        });
        this.ended.then((why) => this.waiting.forEach(([, refuse]) => refuse(new Error(why))));
        this.process.stdio[3].on("error", () => {});
        this.events = [];
        this.number = 0;
        let rest = "";
        this.process.stdio[4].setEncoding("utf8").on("data", (text) => {
            const messages = (rest + text).split("\0");
            rest = messages.pop();
            messages.map((message) => JSON.parse(message)).forEach((message) => this.take(message));
        });
    }

    take(message) {
        if (message.id === undefined) {
            this.events.push(message);
            return;
        }
        const [done, refuse] = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        message.error ? refuse(new Error(message.error.message)) : done(message.result);
    }

    send(method, params = {}) {
        const id = ++this.number;
        this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + "\0");
        return new Promise((done, refuse) => this.waiting.set(id, [done, refuse]));
    }

    /** The value of an expression in the page. */
    async value(expression) {
        const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
        if (exceptionDetails) {
            throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
        }
        return result.value;
    }

    async open(url) {
        const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
        ({ sessionId: this.session } = await this.send("Target.attachToTarget", { targetId, flatten: true }));
        for (const domain of ["Page", "Runtime", "Log", "Network"]) {
            await this.send(`${domain}.enable`);
        }
        this.events = [];
        await this.send("Page.navigate", { url });
        while (!this.events.some((event) => event.method === "Page.loadEventFired")) {
            await pause(20);
        }
    }

    async size(width) {
        await this.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
        await pause(50);
    }

    /** Clicks the middle of an element, as a mouse does. */
    async click(element) {
        const [x, y] = await this.value(`(() => {
            const element = ${element};
            element.scrollIntoView({ block: "center", behavior: "instant" });
            const { x, y, width, height } = element.getBoundingClientRect();
            return [x + width / 2, y + height / 2];
        })()`);
        for (const type of ["mousePressed", "mouseReleased"]) {
            await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
        }
    }

    async key(key) {
        for (const type of ["keyDown", "keyUp"]) {
            await this.send("Input.dispatchKeyEvent", { type, key });
        }
    }

    async screenshot(path) {
        const { data } = await this.send("Page.captureScreenshot");
        writeFileSync(path, Buffer.from(data, "base64"));
    }

    async close() {
        this.process.kill();
        await this.ended;
        // Its child processes may still be writing there.
        rmSync(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function check(holds, message) {
    if (!holds) {
        throw new Error(message);
    }
}

/** The blocks of the visible drawings. */
const BLOCKS = `[...document.querySelectorAll(".n")].filter((block) => block.checkVisibility())`;
const PANEL = `document.getElementById("panel")`;

/** Clicks blocks, checks the details that appear, and closes them. */
async function blocks(browser, where, shot) {
    const count = await browser.value(`${BLOCKS}.length`);
    check(count > 0, `${where}: there is no block`);
    for (const index of [0, Math.floor(count / 2), count - 1]) {
        const block = `${BLOCKS}[${index}]`;
        // Above the words and letters on it, which would catch the click.
        await browser.click(`(${block}.querySelector("rect, circle") ?? ${block})`);
        const [shown, expected] = await browser.value(
            `[${PANEL}.hidden ? null : ${PANEL}.querySelector("pre").textContent, ${block}.querySelector("title").textContent]`,
        );
        check(shown === expected, `${where}: a click on block ${index} shows ${shown}, expected ${expected}`);
        if (index !== 0 && index !== count - 1) {
            await browser.screenshot(shot);
        }
        await browser.key("Escape");
        check(await browser.value(`${PANEL}.hidden`), `${where}: Escape does not close the details`);
    }
}

async function themes(browser, where, folder) {
    for (const theme of ["light", "dark"]) {
        await browser.click(`document.querySelector("#theme [data-value=${theme}]")`);
        const ground = await browser.value(`getComputedStyle(document.body).backgroundColor`);
        const light = Number(ground.match(/\d+/)[0]) > 127;
        check(light === (theme === "light"), `${where}: with the theme ${theme} the page is ${ground}`);
        // The paper of a drawing, which has separate colours.
        const paper = await browser.value(
            `getComputedStyle([...document.querySelectorAll("figure")].find((f) => f.checkVisibility()).querySelector("svg > rect")).fill`,
        );
        check(paper === ground, `${where}: with the theme ${theme} a drawing is ${paper}, the page ${ground}`);
        await browser.value(`scrollTo(0, 0)`);
        await browser.screenshot(join(folder, `page-${theme}.png`));
    }
    await browser.click(`document.querySelector("#theme [data-value=auto]")`);
}

/** The height of the smallest text in the visible drawings, in pixels of the page. */
const SMALLEST = `Math.min(...[...document.querySelectorAll("svg text")].filter((text) => text.checkVisibility()).map(
    (text) => parseFloat(text.getAttribute("font-size")) * text.getScreenCTM().d || Infinity))`;

/** How far below the bar the target of the last link is. */
const BELOW = `(() => {
    const link = [...document.querySelectorAll("nav a")].at(-1);
    link.click();
    const top = document.querySelector(link.hash).getBoundingClientRect().top;
    return top - document.querySelector(".switches").getBoundingClientRect().bottom;
})()`;

/** Checks that everything is readable, and that only tables and drawings that scroll are wider than the page. */
async function widths(browser, where) {
    for (const width of WIDTHS) {
        await browser.size(width);
        const smallest = await browser.value(SMALLEST);
        check(smallest >= 8.9, `${where}: text of ${smallest} pixels in a window of ${width}`);
        const below = await browser.value(BELOW);
        check(below >= 0, `${where}: a link leads to ${-below} pixels under the bar in a window of ${width}`);
        const wide = await browser.value(`document.documentElement.scrollWidth`);
        check(wide <= width, `${where}: ${wide} pixels wide in a window of ${width}`);
    }
    await browser.size(WIDTHS[0]);
}

/** What the page loaded, and its errors. */
function complaints(events, url) {
    const asked = events.filter((event) => event.method === "Network.requestWillBeSent").map((event) => event.params.request.url);
    const others = asked.filter((asked) => asked.split("#")[0] !== url && !asked.startsWith("data:"));
    const errors = events.flatMap(({ method, params }) => {
        switch (method) {
            case "Runtime.exceptionThrown":
                return [params.exceptionDetails.exception?.description ?? params.exceptionDetails.text];
            case "Log.entryAdded":
                return [params.entry.text];
            case "Runtime.consoleAPICalled":
                return [`console.${params.type}`];
            default:
                return [];
        }
    });
    return [...others.map((url) => `asks for ${url}`), ...errors];
}

/** All checks of a page; returns what to print if they pass. */
async function look(browser, folder, url) {
    await browser.open(url);
    await browser.size(WIDTHS[0]);
    const details = await browser.value(`[...document.querySelectorAll("#detail button")].map((button) => button.dataset.value)`);
    const nets = await browser.value(`document.querySelectorAll("section.net").length`);
    for (const detail of details) {
        await browser.click(`document.querySelector("#detail [data-value=${detail}]")`);
        const seen = await browser.value(
            `[...document.querySelectorAll("figure")].filter((f) => f.checkVisibility()).map((f) => f.className)`,
        );
        check(nets > 0 && seen.length === nets && seen.every((name) => name === detail), `${detail} shows ${seen}`);
        await widths(browser, detail);
        await blocks(browser, detail, join(folder, `block-${detail}.png`));
    }
    if (details.length === 0) {
        await widths(browser, "the page");
        await blocks(browser, "the page", join(folder, "block.png"));
    }
    await themes(browser, "the page", folder);
    const wrong = complaints(browser.events, url);
    check(wrong.length === 0, wrong.join("\n"));
    return details.length > 0 ? `${nets} nets at ${details.join(", ")}` : "figures";
}

const folders = process.argv.slice(2);
if (folders.length === 0) {
    console.error("usage: node gallery.mjs FOLDER...");
    process.exitCode = 1;
}
for (const folder of folders) {
    const page = resolve(folder, "index.html");
    if (!existsSync(page)) {
        console.error(`${page} does not exist: write it with \`cnn diagram --all\` or \`cnn figures\``);
        process.exitCode = 1;
        continue;
    }
    const browser = new Browser();
    try {
        console.log(`${folder}: ${await look(browser, folder, pathToFileURL(page).href)}: all well`);
    } catch (error) {
        console.error(`${folder}: ${error.message}`);
        process.exitCode = 1;
    } finally {
        await browser.close();
    }
}

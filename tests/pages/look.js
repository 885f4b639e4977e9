// What a person would look for on the pages that infra makes, in headless Chromium.
//
//   node look.js PATH_TO_INFRA FOLDER_FOR_PICTURES
//
// Applies an example on a simulator while its page is open, and opens the HTML of a plan and the picture of a graph. Each line of the answer is
// `ok WHAT` or `FAILED WHAT`.
"use strict";
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const puppeteer = require("puppeteer-core");

const [infra, pictures] = process.argv.slice(2).map((name) => path.resolve(name));
const root = path.resolve(__dirname, "../..");
const work = fs.mkdtempSync(path.join(os.tmpdir(), "infra-pages-"));
let failed = 0;

function check(what, holds, seen) {
  if (!holds) failed += 1;
  console.log(holds ? `ok ${what}` : `FAILED ${what}: ${seen}`);
}

async function simulator() {
  const server = spawn(infra, ["sim", "serve", "--listen", "127.0.0.1:0", "--speed", "20",
    "--access-key-id", "testid", "--access-key-secret", "testsecret"]);
  const url = await new Promise((found, lost) => {
    let said = "";
    server.stdout.on("data", (text) => {
      said += text;
      const match = said.match(/listening on (http:\S+)/);
      if (match) found(match[1]);
    });
    server.on("exit", () => lost(new Error(`the simulator ended: ${said}`)));
  });
  return { server, url };
}

function project() {
  const folder = path.join(work, "web-tier");
  fs.cpSync(path.join(root, "examples/web-tier"), folder, { recursive: true });
  return folder;
}

function command(folder, url, ...args) {
  const env = { ...process.env, INFRA_ENDPOINT: url, ALIBABA_CLOUD_ACCESS_KEY_ID: "testid",
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: "testsecret", INFRA_NO_INPUT: "1" };
  return [infra, ["-C", folder, ...args], { env, encoding: "utf8" }];
}

function finished(folder, url, ...args) {
  const done = spawnSync(...command(folder, url, ...args));
  if (done.status !== 0) throw new Error(`infra ${args.join(" ")}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

// The least contrast between a text and what is behind it, and where.
function leastContrast() {
  const parts = (color) => (color.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      const alpha = parts(color)[3];
      if (alpha === undefined || alpha === 1) return color;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
  };
  let least = [21, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.getClientRects().length || element.closest("script, style, svg")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < least[0]) least = [contrast, node.data.trim().slice(0, 40)];
  }
  return least;
}

// The page at three widths in both themes.
async function allLooks(page, name) {
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    for (const width of [1400, 800, 400]) {
      await page.setViewport({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      check(`${name}, ${theme}, ${width}: nothing is wider than the window`, wide <= width, wide);
      const [contrast, where] = await page.evaluate(leastContrast);
      check(`${name}, ${theme}, ${width}: all texts have a contrast of 4.5`, contrast >= 4.5, `${contrast} at "${where}"`);
      await page.screenshot({ path: path.join(pictures, `${name}-${theme}-${width}.png`), fullPage: true });
    }
  }
}

async function open(browser, url) {
  const page = await browser.newPage();
  page.wrong = [];
  page.foreign = [];
  page.on("pageerror", (error) => page.wrong.push(error.message));
  page.on("console", (line) => line.type() === "error" && page.wrong.push(line.text()));
  page.on("request", (request) => page.foreign.push(request.url()));
  await page.goto(url);
  return page;
}

const seen = (page, what, ...args) => page.waitForFunction(what, { timeout: 60000 }, ...args).then(() => true, () => false);
const textOf = (page, place) => page.$eval(place, (element) => element.textContent);

async function simulatorPage(browser, folder, url) {
  const page = await open(browser, url);
  check("sim: an empty cloud says so", await seen(page, () => document.querySelector("#cloud").textContent.includes("Nothing exists yet")),
    await textOf(page, "#cloud"));
  await page.evaluate(() => {
    window.statuses = [];
    new MutationObserver(() => {
      for (const card of document.querySelectorAll(".card")) window.statuses.push(card.dataset.status);
    }).observe(document.body, { childList: true, subtree: true });
  });
  const apply = spawn(...command(folder, url, "apply", "--auto-approve"));
  let said = "";
  apply.stderr.on("data", (text) => (said += text));
  const ended = new Promise((end) => apply.on("exit", end));
  const running = await seen(page, () => document.querySelectorAll('.card[data-status="Running"]').length === 4);
  check("sim: four servers turn Running while they are applied", running, await textOf(page, "#cloud"));
  check("sim: apply succeeds", (await ended) === 0, said);
  const before = await page.evaluate(() => window.statuses.some((status) => status !== "Running"));
  check("sim: a server was seen on its way to Running", before, await page.evaluate(() => window.statuses.join()));
  const boxes = await page.evaluate(() => {
    const card = [...document.querySelectorAll(".card")].find((one) => one.textContent.includes("instance.web[blue]"));
    const inside = (look) => card.closest(look).querySelector("h2, h3, h4").textContent;
    return [card.textContent, inside(".vswitch"), inside(".vpc"), inside(".region")];
  });
  check("sim: a server is in its vSwitch, VPC and region",
    boxes[1].includes("vswitch.a") && boxes[2].includes("vpc.main") && boxes[3].includes("cn-hangzhou"), boxes);
  check("sim: a server has its address and its cost", /10\.20\.1\.\d/.test(boxes[0]) && /CNY 0\.\d+\/h/.test(boxes[0]), boxes[0]);
  await seen(page, () => document.querySelector("#counts").textContent.includes("running4"));
  const counts = await textOf(page, "#counts");
  check("sim: the counts say it too", counts.includes("running4") && /cost.*CNY [1-90-9.]+\/h/.test(counts), counts);
  const call = await page.$('#log details[data-action="CreateInstance"]');
  await call.$eval("summary", (summary) => summary.click());
  const params = await call.evaluate((one) => one.textContent);
  check("sim: a click on a request shows its parameters and no secret",
    params.includes("InstanceType") && params.includes("(sensitive)") && params.includes("200"), params);

  // A fault by its button, listed and taken away again.
  await page.evaluate(() => [...document.querySelectorAll("button")].find((one) => one.textContent === "Refuse starts").click());
  check("sim: a fault that is ordered is listed", await seen(page, () => document.querySelector("#faults").textContent.includes("StartInstance:refuse")),
    await textOf(page, "#faults"));
  await page.type("#fault", "no fault");
  await page.keyboard.press("Enter");
  check("sim: what is no fault is told", await seen(page, () => !document.querySelector("#trouble").hidden), await textOf(page, "body"));
  await page.evaluate(() => [...document.querySelectorAll("button")].find((one) => one.textContent === "All well again").click());
  check("sim: all faults are taken away", await seen(page, () => document.querySelector("#faults").textContent === "" && document.querySelector("#trouble").hidden),
    await textOf(page, "#faults"));
  await allLooks(page, "sim");
  // The browser tells of the fault that was none: its answer is 400, and nothing else goes wrong.
  const wrong = page.wrong.filter((line) => !line.includes("400 (Bad Request)"));
  check("sim: nothing goes wrong in the browser", wrong.length === 0, wrong.join("\n"));
  const outside = page.foreign.filter((one) => !one.startsWith(url) && !one.startsWith("data:"));
  check("sim: nothing is asked of anybody else", outside.length === 0, outside.join());
  await page.close();
}

async function planPage(browser, folder, url) {
  const file = path.join(folder, "infra.toml");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replaceAll("10.20.2.0/24", "10.20.3.0/24"));
  finished(folder, url, "plan", "-o", path.join(work, "next.plan"));
  const html = path.join(work, "plan.html");
  fs.writeFileSync(html, finished(folder, url, "show", path.join(work, "next.plan"), "--format", "html"));
  const page = await open(browser, `file://${html}`);
  const body = await textOf(page, "body");
  check("plan: it names what is replaced and where it is written", body.includes("vswitch.b") && body.includes("10.20.3.0/24") && body.includes("infra.toml"), body);
  check("plan: the danger is said first", body.indexOf("replace") >= 0 && body.indexOf("replace") < body.indexOf("10.20.3.0/24"), body.slice(0, 400));
  check("plan: its title counts", /\d/.test(await page.title()), await page.title());
  const picture = await page.evaluate(() => [...document.querySelectorAll("svg.blast a")].map((link) => {
    const box = link.querySelector("rect").getBoundingClientRect();
    const text = link.querySelector("text.name").getBoundingClientRect();
    const leads = document.querySelector(link.getAttribute("href"));
    return { name: link.textContent, fits: text.left >= box.left && text.right <= box.right, leads: leads ? leads.tagName : "" };
  }));
  check("plan: the picture shows what is reached, and leads to it", picture.some((one) => one.name.includes("vswitch.b")) &&
    picture.every((one) => one.fits && ["DETAILS", "A"].includes(one.leads)), JSON.stringify(picture));
  await allLooks(page, "plan");
  check("plan: nothing goes wrong in the browser", page.wrong.length === 0, page.wrong.join("\n"));
  check("plan: nothing is asked of anybody", page.foreign.every((one) => one.startsWith("file:") || one.startsWith("data:")), page.foreign.join());
  await page.close();
}

async function graphPage(browser, folder, url) {
  const file = path.join(work, "graph.svg");
  fs.writeFileSync(file, finished(folder, url, "graph", "--format", "svg"));
  const page = await open(browser, `file://${file}`);
  const places = await page.evaluate(() => {
    const found = {};
    for (const text of document.querySelectorAll("text.name")) {
      let box = text.previousElementSibling;
      const own = text.getBoundingClientRect();
      const { left, right, top, bottom } = box.getBoundingClientRect();
      found[text.textContent] = { left, right, top, bottom, fits: own.left >= left && own.right <= right && own.bottom <= bottom };
    }
    return found;
  });
  const inside = (one, other) => one && other && one.left > other.left && one.right < other.right && one.top > other.top && one.bottom < other.bottom;
  check("graph: a vSwitch is drawn in its VPC", inside(places["vswitch.a"], places["vpc.main"]), JSON.stringify(places));
  check("graph: a server is drawn in its vSwitch", ["a", "b"].some((name) => inside(places["instance.web[blue]"], places[`vswitch.${name}`])), JSON.stringify(places));
  check("graph: every name fits its box", Object.values(places).every((one) => one.fits), JSON.stringify(places));
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    for (const width of [1400, 800, 400]) {
      await page.setViewport({ width, height: 900 });
      await page.screenshot({ path: path.join(pictures, `graph-${theme}-${width}.png`) });
    }
  }
  check("graph: nothing goes wrong in the browser", page.wrong.length === 0, page.wrong.join("\n"));
  await page.close();
}

async function main() {
  fs.mkdirSync(pictures, { recursive: true });
  const { server, url } = await simulator();
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const folder = project();
    await simulatorPage(browser, folder, url);
    await planPage(browser, folder, url);
    await graphPage(browser, folder, url);
  } finally {
    await browser.close();
    server.kill();
    fs.rmSync(work, { recursive: true, force: true });
  }
  if (failed) throw new Error(`${failed} failed`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

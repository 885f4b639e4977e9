"use strict";
const $ = (id) => document.getElementById(id);
const SHOWN = 60;
const READS = /^(Describe|Get|List|Query)/;
const SETTLED = ["Running", "Available", "In_use", "InUse", "active", "Active"];
const RESTING = ["Stopped", "inactive", "Inactive"];

// An element with this class and these children; texts stay texts.
function make(tag, look, ...children) {
  const element = document.createElement(tag);
  if (look) element.className = look;
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function status(word) {
  const look = SETTLED.includes(word) ? "good" : RESTING.includes(word) ? "quiet" : "wait";
  return make("span", "status " + look, word);
}

const dotted = (number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
const yuan = (thousandths) => "CNY " + (thousandths / 1000).toFixed(3) + "/h";
const address = (row) => (row.tags.find(([name]) => name === "infra:addr") || [])[1];
const titled = (row) => address(row) || row.name || row.id;

function card(row, ip, publicIps, cost) {
  const element = make("div", "card",
    make("div", "", make("b", "", titled(row)), status(row.status)),
    make("div", "id quiet", row.id),
    make("div", "", row.instance_type, row.name && row.name !== titled(row) ? make("span", "quiet", row.name) : ""),
    make("div", "", ip, publicIps.length ? make("span", "", "public " + publicIps.join(", ")) : "",
      cost ? make("span", "quiet", yuan(cost)) : ""));
  element.dataset.id = row.id;
  element.dataset.status = row.status;
  return element;
}

function cards(rows, draw) {
  const box = make("div", "cards", ...rows.slice(0, SHOWN).map(draw));
  return rows.length > SHOWN ? make("div", "", box, make("p", "quiet", "and " + (rows.length - SHOWN) + " more")) : box;
}

function chips(title, rows, text) {
  if (!rows.length) return null;
  const items = rows.slice(0, SHOWN).map((row) => make("li", "", text(row)));
  if (rows.length > SHOWN) items.push(make("li", "quiet", "and " + (rows.length - SHOWN) + " more"));
  return make("div", "", make("h4", "", title), make("ul", "chips", ...items));
}

function account(world, costs) {
  const of = (kind) => world[kind] || [];
  const network = (row) => row.network.Vpc || {};
  const server = (row) => {
    const ip = row.network.Vpc ? row.network.Vpc.private_ip : row.network.Classic.inner_ip;
    const eips = of("eip").filter((eip) => eip.instance_id === row.id).map((eip) => eip.address);
    const own = row.public_ip === null ? [] : [typeof row.public_ip === "number" ? dotted(row.public_ip) : row.public_ip];
    return card(row, dotted(ip), own.concat(eips), costs[row.id]);
  };
  const vswitch = (row) => {
    const inside = of("instance").filter((one) => network(one).vswitch_id === row.id);
    return make("div", "vswitch",
      make("h4", "", titled(row) + " ", make("small", "", row.cidr_block + " " + row.zone)),
      inside.length ? cards(inside, server) : make("p", "empty", "no servers"));
  };
  const vpc = (row) => make("div", "vpc",
    make("h3", "", titled(row) + " ", make("small", "", row.cidr_block), " ", status(row.status)),
    ...of("vswitch").filter((one) => one.vpc_id === row.id).map(vswitch),
    chips("Security groups", of("security_group").filter((one) => one.vpc_id === row.id),
      (one) => titled(one) + " (" + one.rules.length + (one.rules.length === 1 ? " rule)" : " rules)")),
    chips("NAT gateways", of("nat_gateway").filter((one) => one.vpc_id === row.id), titled),
    chips("Load balancers", of("load_balancer").filter((one) => one.vpc_id === row.id),
      (one) => titled(one) + " " + one.address));
  const region = (name) => {
    const here = (kind) => of(kind).filter((row) => row.region === name);
    const classic = here("instance").filter((row) => row.network.Classic);
    return make("div", "region",
      make("h2", "", name + " ", make("small", "", "account " + world.account_id)),
      ...here("vpc").map(vpc),
      classic.length ? make("div", "vpc", make("h3", "", "classic network"), cards(classic, server)) : null,
      chips("Elastic addresses", here("eip"),
        (row) => titled(row) + " " + row.address + (row.instance_id ? " on " + row.instance_id : " (free)")),
      chips("Load balancers", here("load_balancer").filter((row) => !row.vpc_id), (row) => titled(row) + " " + row.address),
      chips("Data disks", here("disk").filter((row) => !row.system),
        (row) => titled(row) + " " + row.size + " GiB" + (row.instance_id ? " on " + row.instance_id : " (free)")),
      chips("Key pairs", here("key_pair"), titled));
  };
  const shown = ["vpc", "instance", "eip", "load_balancer", "disk", "key_pair"];
  const regions = [...new Set(shown.flatMap(of).map((row) => row.region))].filter(Boolean).sort();
  return regions.map(region);
}

function count(name, value, look) {
  return make("div", "", make("dt", "", name), make("dd", look || "", String(value)));
}

let last = 0, asked = 0, refused = 0, drawn = "";

async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : { method: "POST", body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text.trim());
  return JSON.parse(text);
}

async function look() {
  const [world, costs] = await Promise.all([ask("/_sim/world"), ask("/_sim/costs")]);
  const servers = world.accounts.flatMap((one) => one.instance || []);
  const total = Object.values(costs).reduce((sum, cost) => sum + cost, 0);
  $("counts").replaceChildren(
    count("servers", servers.length),
    count("running", servers.filter((row) => row.status === "Running").length, "good"),
    count("requests", asked), count("refused", refused, refused ? "bad" : ""), count("cost", yuan(total)));
  // What has not changed stays, so that nobody's selection is lost.
  const now = JSON.stringify([world, costs]);
  if (now === drawn) return;
  drawn = now;
  const boxes = world.accounts.flatMap((one) => account(one, costs));
  $("cloud").replaceChildren(...(boxes.length ? boxes : [make("p", "empty", "Nothing exists yet. Point a client here: infra sim env")]));
}

function entry(seen) {
  const bad = seen.status !== 200 || seen.dropped;
  const rows = seen.params.map(([name, value]) => make("tr", "", make("td", "", name), make("td", "", value)));
  const element = make("details", "",
    make("summary", "", make("span", "quiet", new Date(seen.at).toTimeString().slice(0, 8)),
      make("span", "", seen.action || "(no action)"),
      make("span", bad ? "bad" : "good", seen.dropped ? "no answer" : String(seen.status)),
      seen.code ? make("span", "bad", seen.code) : ""),
    rows.length ? make("table", "", make("tbody", "", ...rows)) : make("p", "quiet", "no parameters"));
  element.dataset.reads = String(READS.test(seen.action) && !bad);
  element.dataset.action = seen.action;
  return element;
}

function sift() {
  for (const row of $("log").querySelectorAll("details")) row.hidden = $("changes").checked && row.dataset.reads === "true";
}

async function listen() {
  let told = await ask("/_sim/requests?after=" + last);
  if (told.count < last) {
    // Another simulator at the same address.
    last = asked = refused = 0;
    $("log").replaceChildren();
    told = await ask("/_sim/requests?after=0");
  }
  asked = told.count;
  if (!told.requests.length) return;
  if (last === 0) $("log").replaceChildren();
  for (const seen of told.requests) {
    last = seen.number;
    if (seen.status !== 200) refused += 1;
    $("log").prepend(entry(seen));
  }
  while ($("log").children.length > 200) $("log").lastChild.remove();
  sift();
}

async function ordered() {
  const active = (await ask("/_sim/faults")).faults;
  const settings = await ask("/_sim/settings");
  const lines = active.concat(settings.sold_out.map((what) => "sold out: " + what));
  $("faults").replaceChildren(...lines.map((line) => make("li", "", line)));
}

function trouble(error) {
  $("trouble").hidden = !error;
  $("trouble").textContent = error ? "The simulator says: " + error.message : "";
  $("trouble").className = "bad";
}

const guarded = (work) => work().then(ordered).then(() => trouble(null), trouble);
const order = (fault) => () => guarded(() => ask("/_sim/faults", JSON.stringify({ faults: [fault] })));
const BUTTONS = [
  ["Throttle the next call", order("*:refuse=Throttling/400@1")],
  ["Lose every fifth answer", order("*:drop-answer%20")],
  ["Make all calls take 2 s", order("*:delay=2s")],
  ["Lose the answer of the next CreateInstance", order("CreateInstance:drop-answer@1")],
  ["Refuse starts", order("StartInstance:refuse=IncorrectInstanceStatus/403")],
  ["Sell everything out", () => guarded(() => ask("/_sim/settings", JSON.stringify({ sold_out: ["*@*"] })))],
  ["All well again", () => guarded(async () => {
    await ask("/_sim/faults", JSON.stringify({ clear: true }));
    await ask("/_sim/settings", JSON.stringify({ sold_out: [] }));
  })],
];
for (const [name, press] of BUTTONS) {
  const button = make("button", "", name);
  button.type = "button";
  button.addEventListener("click", press);
  $("buttons").append(button);
}
$("own").addEventListener("submit", (event) => {
  event.preventDefault();
  const fault = $("fault").value.trim();
  if (fault) guarded(async () => {
    await ask("/_sim/faults", JSON.stringify({ faults: [fault] }));
    $("fault").value = "";
  });
});
$("changes").addEventListener("change", sift);

async function turn() {
  if (!document.hidden) {
    try {
      await listen();
      await look();
      if ($("trouble").textContent.includes("not there")) trouble(null);
    } catch (error) {
      trouble(error instanceof TypeError ? new Error("it is not there; waiting for it") : error);
    }
  }
  setTimeout(turn, 500);
}
ordered().catch(trouble);
turn();

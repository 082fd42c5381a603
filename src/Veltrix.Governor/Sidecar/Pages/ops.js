"use strict";
// Asks /ops/hunts once a second and draws what it says. Text goes in as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const bytes = n => n == null ? "?" : n >= 2 ** 30 ? `${(n / 2 ** 30).toFixed(2)} GiB` : `${(n / 2 ** 20).toFixed(1)} MiB`;
const count = n => n == null ? "–" : whole.format(n);
const units = { redis_memory: "", log_lag: "", log_lag_seconds: " s", outcome_seconds: " s", scorer_queue: "" };

function make(tag, text, kind, ...children) {
  const element = document.createElement(tag);
  if (text != null) element.textContent = text;
  if (kind) element.className = kind;
  element.append(...children);
  return element;
}

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text != null) element.textContent = text;
  return element;
}

function tags(hunt) {
  const calm = { hold: "good", ramp: "good", trim: "warn", brake: "bad", stale: "bad", abstain: "warn" };
  const all = [make("span", hunt.mode, `tag ${calm[hunt.mode] ?? ""}`), make("span", hunt.policy, "tag")];
  if (hunt.paused) all.push(make("span", "paused", "tag bad"));
  if (hunt.pin != null) all.push(make("span", `pinned at ${count(hunt.pin)}`, "tag warn"));
  if (hunt.guard) all.push(make("span", "joins guarded", "tag warn"));
  for (const [name, value] of Object.entries(hunt.brownout)) if (value > 0) all.push(make("span", `brownout ${name} ${fine.format(value)}`, "tag warn"));
  return all;
}

function numbers(hunt) {
  const list = make("dl");
  const ratio = hunt.ratio == null ? "–" : `${Math.round(hunt.ratio * 100)} %`;
  for (const [name, value, kind] of [
    ["limit", count(hunt.limit), "limit"], ["seated", count(hunt.seated), "seated"], ["waiting", count(hunt.waiting), "waiting"],
    ["ceiling", count(hunt.ceiling)], ["open", ratio], ["own vote", count(hunt.vote)],
  ]) list.append(make("div", null, null, make("dt", name), make("dd", value, kind)));
  return list;
}

function plot(points) {
  const [width, height, bottom] = [1000, 170, 8];
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": "limit, seated and waiting over time" });
  if (points.length < 2) return svg;
  const [first, last] = [points[0][0], points.at(-1)[0]];
  const most = Math.max(1, ...points.flatMap(point => [point[1] ?? 0, point[2], point[3]])) * 1.05;
  const x = ms => (ms - first) / Math.max(1, last - first) * width;
  const y = n => (height - bottom) * (1 - n / most) + 4;
  for (const share of [0, .5, 1]) svg.append(draw("line", { class: "grid", x1: 0, x2: width, y1: y(most / 1.05 * share), y2: y(most / 1.05 * share) }));
  for (const [index, kind] of [[3, "waiting"], [2, "seated"], [1, "limit"]]) {
    let path = "", pen = "M";
    for (const point of points) {
      if (point[index] == null) { pen = "M"; continue; }
      path += `${pen}${x(point[0]).toFixed(1)} ${y(point[index]).toFixed(1)}`;
      pen = "L";
    }
    svg.append(draw("path", { class: kind, d: path }));
  }
  const box = make("div");
  box.className = "plot";
  const scale = make("p", `${time(first)} – ${time(last)} · up to ${count(most / 1.05)} · limit dashed`, "applied");
  box.append(svg, scale);
  return box;
}

const time = ms => new Date(ms).toLocaleTimeString([], { hour12: false });

function signals(hunt) {
  const head = make("tr", null, null, make("th", "signal"), make("th", "value", "number"), make("th", "of", "number"), make("th", "age", "number"), make("th", "bad", "number"));
  const table = make("table", null, null, head);
  for (const signal of hunt.signals) {
    const bar = document.createElement("meter");
    bar.className = "bar";
    [bar.min, bar.max, bar.low, bar.high, bar.optimum, bar.value] = [0, signal.critical, signal.soft, signal.critical * .999, 0, signal.value ?? 0];
    bar.setAttribute("aria-label", `${signal.name} of its critical threshold`);
    const unit = units[signal.name] ?? "";
    const name = make("td", signal.name.replaceAll("_", " "), null, bar);
    table.append(make("tr", null, signal.is_fresh ? "" : "old", name,
      make("td", signal.value == null ? "–" : fine.format(signal.value) + unit, "number"), make("td", fine.format(signal.soft) + unit, "number"),
      make("td", signal.age == null ? (signal.is_required ? "missing" : "–") : `${signal.age.toFixed(0)} s`, "number"), make("td", count(signal.invalid), "number")));
  }
  return table;
}

function decisions(hunt) {
  const list = make("ol");
  for (const entry of hunt.decisions) {
    const what = make("span", entry.text + " ");
    what.append(make("span", entry.policy, "by"));
    list.append(make("li", null, null, make("time", time(entry.at_ms)), what));
  }
  if (hunt.decisions.length === 0) list.append(make("li", null, null, make("time", ""), make("span", "nothing has changed yet", "by")));
  return list;
}

function show(hunt) {
  const shadows = hunt.shadows.map(shadow => make("li", null, null, make("span", shadow.policy, "by"), make("span", shadow.text)));
  const left = make("section", null, null, make("h3", "Signals"), signals(hunt));
  if (shadows.length) left.append(make("h3", "In shadow: computed, not applied"), make("ol", null, null, ...shadows));
  const right = make("section", null, null, make("h3", "What changed"), decisions(hunt));
  return make("article", null, null,
    make("div", null, "top", make("h2", hunt.hunt), ...tags(hunt)),
    make("p", hunt.reason, "reason"), make("p", hunt.pin_origin ? `pinned by ${hunt.pin_origin}` : hunt.applied ? `applied: ${hunt.applied}` : "nothing was applied yet", "applied"),
    numbers(hunt), plot(hunt.plot), make("div", null, "columns", left, right));
}

function render(answer) {
  document.getElementById("name").textContent = answer.governor;
  const away = answer.orchestrator_age == null ? "no orchestrator has spoken yet" : answer.orchestrator_age > 15 ? `no orchestrator for ${answer.orchestrator_age.toFixed(0)} s` : "orchestrator is there";
  say(`${answer.not_ready ? `not ready: ${answer.not_ready}` : "measuring"} · ${away}`);
  const store = answer.store;
  document.getElementById("store").textContent = store
    ? `${store.product}: ${bytes(store.used)} of ${bytes(store.max)}${store.resident ? `, ${bytes(store.resident)} resident` : ""}, ping ${(store.ping_seconds * 1000).toFixed(1)} ms${store.saving ? ", saving now" : ""}`
    : "The shared store does not answer.";
  const cards = answer.hunts.map(show);
  document.getElementById("hunts").replaceChildren(...(cards.length ? cards : [make("p", "No server has reported a hunt yet.", "empty")]));
}

function say(text) {
  const state = document.getElementById("state");
  if (state.textContent !== text) state.textContent = text;
}

async function ask() {
  try {
    const answer = await fetch("/ops/hunts", { signal: AbortSignal.timeout(4000) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    render(await answer.json());
  } catch (error) {
    say(`The governor does not answer (${error.message}); what is shown is old.`);
  }
  setTimeout(ask, 1000);
}

ask();

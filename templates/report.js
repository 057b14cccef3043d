(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const source = at("agent-data");
  if (!source) return;
  const agents = JSON.parse(source.textContent);
  const PAGE_ROWS = 100;
  const [NAME, CALLS, SCORED, SCORE, LOW, HIGH, RAW, END, ESCALATED, VERDICT, UNSURE] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const ABOUT_SCORES = [SCORE, LOW, HIGH, RAW, END, ESCALATED];
  const verdicts = new Map();
  for (const option of at("agent-verdict").options) verdicts.set(option.value, option.textContent);
  const names = new Intl.Collator(undefined, { numeric: true });
  const numbers = new Intl.NumberFormat("en");
  const folded = agents.map((agent) => agent[NAME].toLocaleLowerCase());
  const body = at("agent-table").tBodies[0];
  const headings = [...at("agent-table").tHead.rows[0].cells];
  let column = NAME;
  let direction = 1;
  let first = 0;
  let order = [];

  const signed = (hundredths) => (hundredths < 0 ? "\u2212" : "+") + (Math.abs(hundredths) / 100).toFixed(2);
  const byName = (a, b) => names.compare(agents[a][NAME], agents[b][NAME]);

  // What says nothing stays at the end, whichever way the table is sorted.
  const silent = (agent) => agent[column] === null || (ABOUT_SCORES.includes(column) && agent[UNSURE] === 1);
  const compare = (a, b) => {
    if (column === NAME) return direction * byName(a, b);
    const silence = silent(agents[a]) - silent(agents[b]);
    if (silence !== 0) return silence;
    if (silent(agents[a])) return byName(a, b);
    return direction * (agents[a][column] - agents[b][column]) || byName(a, b);
  };

  const cell = (row, text, classes) => {
    const made = row.insertCell();
    made.textContent = text;
    if (classes) made.className = classes;
  };
  const scoreCell = (row, hundredths) =>
    hundredths === null ? cell(row, "not scored", "n missing") : cell(row, signed(hundredths), "n");

  const addRow = (agent) => {
    const row = body.insertRow();
    if (agent[UNSURE]) row.className = "unsure";
    const heading = document.createElement("th");
    heading.scope = "row";
    const name = document.createElement("bdi");
    name.textContent = agent[NAME];
    heading.append(name);
    row.append(heading);
    cell(row, numbers.format(agent[CALLS]), "n");
    cell(row, numbers.format(agent[SCORED]), "n");
    for (const score of [SCORE, LOW, HIGH, RAW, END]) scoreCell(row, agent[score]);
    cell(row, agent[ESCALATED] === null ? "\u2013" : agent[ESCALATED] + " %", "n");
    cell(row, verdicts.get(String(agent[VERDICT])));
  };

  const show = () => {
    body.textContent = "";
    const last = Math.min(first + PAGE_ROWS, order.length);
    for (const index of order.slice(first, last)) addRow(agents[index]);
    at("agent-count").textContent = numbers.format(order.length) + " of " + numbers.format(agents.length) + " agents";
    at("agent-place").textContent = order.length ? numbers.format(first + 1) + " to " + numbers.format(last) : "none";
    at("agent-back").disabled = first === 0;
    at("agent-on").disabled = last >= order.length;
    at("agent-pages").hidden = order.length <= PAGE_ROWS;
  };

  const update = () => {
    const wanted = at("agent-filter").value.trim().toLocaleLowerCase();
    const verdict = at("agent-verdict").value;
    order = [];
    agents.forEach((agent, index) => {
      if (folded[index].includes(wanted) && (verdict === "" || String(agent[VERDICT]) === verdict)) order.push(index);
    });
    order.sort(compare);
    first = 0;
    headings.forEach((heading, index) => {
      heading.ariaSort = index === column ? (direction > 0 ? "ascending" : "descending") : "none";
    });
    show();
  };

  const turn = (pages) => {
    first += pages * PAGE_ROWS;
    show();
    at("agents").scrollIntoView();
  };

  headings.forEach((heading, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent.trim();
    heading.textContent = "";
    heading.append(button);
    button.addEventListener("click", () => {
      direction = column === index ? -direction : 1;
      column = index;
      update();
    });
  });
  at("agent-filter").addEventListener("input", update);
  at("agent-verdict").addEventListener("change", update);
  at("agent-back").addEventListener("click", () => turn(-1));
  at("agent-on").addEventListener("click", () => turn(1));
  at("agent-controls").hidden = false;
  document.querySelectorAll(".noscript").forEach((note) => note.remove());
  update();
})();

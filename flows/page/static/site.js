// Only what a page without scripts can do without: sorting tables, and how long ago a day was.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { none: "descending", descending: "ascending", ascending: "none" };
      const order = next[head.ariaSort || "none"];
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      if (order !== "none") head.setAttribute("aria-sort", order);
      const turn = order === "ascending" ? 1 : -1;
      const rows = order === "none" ? original : [...original].sort((a, b) => turn * compare(value(a, column), value(b, column)));
      body.append(...rows);
    });
  });
}
// A number alone, or with what the page puts after one: %, a unit, "to 12", "on 3 Apr 2026".
const NUMBER = /^[+−-]?\$?[\d,]*\.?\d+(%| (to|on) .*| [a-zA-Z/]+)?$/;
function value(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = parseFloat(text.replace(/[,%$]/g, "").replace("−", "-"));
  return NUMBER.test(text) ? number : text;
}
function compare(a, b) {
  const empty = (x) => x === "" || x === "–" || x === "·";
  if (empty(a) || empty(b)) return empty(a) - empty(b);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}
for (const time of document.querySelectorAll("time[data-age]")) {
  const days = Math.floor((Date.now() - Date.parse(time.dateTime)) / 864e5);
  if (days > 1) time.append(` (${days} days ago)`);
}

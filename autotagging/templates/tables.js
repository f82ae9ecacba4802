// The tables of a page: sorted by a click on a heading, searched by a row's first cell.
const valueOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : parseFloat(cell.dataset.value);
};
function makeSortable(table) {
  const rows = Array.from(table.tBodies[0].rows), heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const before = head.getAttribute("aria-sort"), isText = typeof valueOf(rows[0], column) === "string";
    const direction = before ? (before === "descending" ? "ascending" : "descending") : (isText ? "ascending" : "descending");
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    rows.sort((a, b) => {
      const x = valueOf(a, column), y = valueOf(b, column);
      if (isText) return sign * x.localeCompare(y);
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
      return sign * (x - y);
    });
    table.tBodies[0].append(...rows);
  }));
}

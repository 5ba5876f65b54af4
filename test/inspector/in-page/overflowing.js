// Runs in the page: what is wider than the room it has.
[document.documentElement, ...document.querySelectorAll(".detail, .rows, .top")]
  .filter((element) => element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.className);

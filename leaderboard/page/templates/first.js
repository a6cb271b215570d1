// Whether the page can be more than its plain table, asked before anything is shown. Without scripts none of this happens.
if (typeof DecompressionStream === "function") document.documentElement.classList.add("scripted");
else addEventListener("DOMContentLoaded", () => {
  document.getElementById("plain-why").textContent = "Sorting, maps and charts need a browser that can unpack compressed data (DecompressionStream), which this one cannot. The first rows, best first; means over different sets of test domains do not compare.";
});

// Whether the page can be more than its plain table, asked before anything is shown. Without scripts none of this happens.
if (typeof DecompressionStream === "function") document.documentElement.classList.add("scripted");
else addEventListener("DOMContentLoaded", () => {
  document.getElementById("plain-why").textContent = "Sorting, maps and charts need a browser with DecompressionStream, which this browser lacks. The page shows only the first rows, best first. Means over different sets of test domains are not comparable.";
});

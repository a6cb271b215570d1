// The page's data and libraries, packed into it: nothing is asked for.

// A Response of what an element of the page holds, gzipped, in base64.
function unpacked(id) {
  const packed = document.getElementById(id);
  const text = atob(packed.textContent);
  packed.remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

// The policy of the page names the digest of a library's text; a browser runs no other.
async function library(id) {
  const script = document.createElement("script");
  script.textContent = await unpacked(id).text();
  document.head.append(script);
}

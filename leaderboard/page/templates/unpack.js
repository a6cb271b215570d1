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

const ARRAYS = { float64: Float64Array, float32: Float32Array, uint8: Uint8Array, int8: Int8Array };

// Low bytes come first, then high bytes.
function sixteenBits(bytes) {
  const n = bytes.length / 2;
  const numbers = new Int16Array(n);
  for (let i = 0; i < n; i += 1) numbers[i] = bytes[i] | (bytes[n + i] << 8);
  return numbers;
}

// A JSON object and arrays that lie behind it (packing.py); null where the page has no such block.
async function block(id) {
  if (!document.getElementById(id)) return null;
  const buffer = await unpacked(id).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const read = ([kind, at, n]) => (kind === "int16" ? sixteenBits(new Uint8Array(buffer, 4 + length + at, 2 * n)) : new ARRAYS[kind](buffer, 4 + length + at, n));
  return { ...about, ...Object.fromEntries(Object.entries(about.arrays).map(([name, place]) => [name, read(place)])) };
}

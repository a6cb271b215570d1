// Student's distribution, and p-values of differences: benchmark/metrics and leaderboard/ranking/comparison.py in JavaScript.

const LANCZOS = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
const TINY = 1e-300;

function logGamma(x) {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const y = x - 1;
  const t = y + 7.5;
  let sum = 0.99999999999980993;
  for (let i = 0; i < LANCZOS.length; i += 1) sum += LANCZOS[i] / (y + i + 1);
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum);
}

const safe = (value) => (Math.abs(value) < TINY ? TINY : value);

// Continued fraction of the incomplete beta function (Lentz).
function betaFraction(a, b, x) {
  let c = 1;
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 5000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / safe(1 + even * d); c = safe(1 + even / c); h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / safe(1 + odd * d); c = safe(1 + odd / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return h;
}

// Logarithm of the chance that a variable with f degrees of freedom is above t >= 0.
function logTail(t, f) {
  const x = f / (f + t * t);
  const [a, b] = [f / 2, 0.5];
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(t * t / (f + t * t) || TINY);
  if (x < (a + 1) / (a + b + 2)) return front + Math.log(betaFraction(a, b, x) / a) - Math.LN2;
  return Math.log(1 - Math.exp(front) * betaFraction(b, a, 1 - x) / b) - Math.LN2;
}

function logDensity(t, f) {
  return logGamma((f + 1) / 2) - logGamma(f / 2) - 0.5 * Math.log(f * Math.PI) - ((f + 1) / 2) * Math.log1p((t * t) / f);
}

const QUANTILES = new Map(); // that were asked for: numbers of the same groups have the same degrees of freedom

function studentQuantile(tail, f) {
  const key = `${tail} ${f}`;
  if (!QUANTILES.has(key)) QUANTILES.set(key, newQuantile(tail, f));
  return QUANTILES.get(key);
}

// Value that is exceeded with a chance of `tail` < 0.5: Newton's steps on logarithms, kept between bounds.
function newQuantile(tail, f) {
  const wanted = Math.log(tail);
  let [low, high] = [0, 2];
  while (logTail(high, f) > wanted && high < 1e150) { low = high; high *= 2; }
  let t = (low + high) / 2;
  for (let i = 0; i < 200; i += 1) {
    const now = logTail(t, f);
    if (now > wanted) low = t; else high = t;
    const next = t + (now - wanted) * Math.exp(now - logDensity(t, f));
    const better = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(better - t) <= 1e-13 * t) return better;
    t = better;
  }
  return t;
}

const LEAST_P = 1e-16;
const ROUNDING = 1e-12;

// Cochran's critical value: quantiles of the parts of a variance, weighted by the parts.
function criticalValue(parts, p) {
  const total = parts.reduce((sum, part) => sum + part.variance, 0);
  return parts.reduce((sum, { variance, freedom }) => {
    const weight = total > 0 ? variance / total : 1 / parts.length;
    return weight ? sum + weight * (p >= 1 ? 0 : studentQuantile(p / 2, freedom)) : sum;
  }, 0);
}

const varianceOf = (parts) => parts.reduce((sum, part) => sum + part.variance, 0);

// Bounds of the p-value: those of the fewest and of the most degrees of freedom of its parts.
function boundsOfP(difference, parts) {
  if (Math.abs(difference) < ROUNDING) return [1, 1];
  const statistic = Math.abs(difference) / Math.sqrt(varianceOf(parts));
  if (!Number.isFinite(statistic)) return [LEAST_P, LEAST_P];
  const freedoms = parts.filter((part) => part.variance > 0).map((part) => part.freedom);
  const p = (f) => Math.min(1, Math.max(LEAST_P, 2 * Math.exp(logTail(statistic, f))));
  return [p(Math.max(...freedoms)), p(Math.min(...freedoms))];
}

// Two-sided p-value of a difference whose variance is a sum of parts.
function pValue(difference, parts) {
  const bounds = boundsOfP(difference, parts);
  if (bounds[1] - bounds[0] <= 1e-12 * bounds[1]) return bounds[0];
  const statistic = Math.abs(difference) / Math.sqrt(varianceOf(parts));
  const excess = (logarithm) => criticalValue(parts, Math.exp(logarithm)) - statistic;
  return Math.exp(rootOf(excess, ...bounds.map(Math.log)));
}

// Root of a falling function between two places: false position, whose weight is halved where one end stays (Illinois).
function rootOf(f, low, high) {
  let [above, below] = [f(low), f(high)];
  if (!(above > 0)) return low;
  if (!(below < 0)) return high;
  for (let i = 0, kept = 0; i < 100 && high - low > 1e-11; i += 1) {
    const middle = (low * below - high * above) / (below - above);
    const value = f(middle);
    if (Math.abs(value) < 1e-12) return middle;
    if (value > 0) { low = middle; above = value; if (kept > 0) below /= 2; kept = 1; } else { high = middle; below = value; if (kept < 0) above /= 2; kept = -1; }
  }
  return (low + high) / 2;
}

// Rejections of Holm's step-down correction.
function rejected(p, level) {
  const order = p.map((_, k) => k).sort((a, b) => p[a] - p[b] || a - b);
  const found = new Array(p.length).fill(false);
  for (const [rank, k] of order.entries()) {
    if (p[k] * (p.length - rank) > level) break;
    found[k] = true;
  }
  return found;
}

// Which differences are significant by Holm's correction. Smaller p-values never reject less, so that only those are worked out
// whose bounds lead to different outcomes; and there are no bounds to work out for differences that are far from every limit.
function significant(differences, partsOf, level) {
  const closest = studentQuantile(level / 2, 1e9); // no distribution of Student's has a lower critical value
  const farthest = new Map(); // critical value of the strictest limit, by degrees of freedom
  const critical = (freedom) => {
    if (!farthest.has(freedom)) farthest.set(freedom, studentQuantile(level / differences.length / 2, freedom));
    return farthest.get(freedom);
  };
  const bounds = differences.map((difference, k) => {
    const error = Math.sqrt(varianceOf(partsOf[k]));
    if (Math.abs(difference) < Math.max(closest * error, ROUNDING)) return [1, 1];
    const fewest = Math.min(...partsOf[k].filter((part) => part.variance > 0).map((part) => part.freedom));
    return Math.abs(difference) > error * critical(Math.max(1, Math.floor(fewest))) ? [0, 0] : boundsOfP(difference, partsOf[k]);
  });
  const [most, least] = [0, 1].map((end) => rejected(bounds.map((one) => one[end]), level));
  return rejected(bounds.map(([low, high], k) => (least[k] ? high : most[k] ? pValue(differences[k], partsOf[k]) : low)), level);
}

"""What had come before the first thumbnail: the same question for a test and for a measurement."""

# Each as [path, bytes over the wire].
BEFORE_PICTURES = """() => {
  const entries = performance.getEntriesByType("resource");
  const picture = Math.min(...entries.filter(({ name }) => name.includes("/thumbnails/")).map((e) => e.responseEnd));
  const [page] = performance.getEntriesByType("navigation");
  const before = entries.filter((e) => e.startTime < picture && !e.name.includes("/thumbnails/"));
  return [page, ...before].map((e) => [new URL(e.name).pathname, e.transferSize]);
}"""

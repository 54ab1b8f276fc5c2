// Where everything in the drawing of the network is, in pixels.

export const layOut = ({ units, parts }, width) => {
  const most = Math.max(...units.map((layer) => layer.length));
  const narrow = width < 520;
  const many = most > 5 || units.length > 4;
  const radius = many ? (narrow ? 16 : 22) : narrow ? 23 : 36;
  const apart = narrow ? (many ? 34 : 66) : most > 5 ? 42 : most > 2 ? 76 : 140;
  const pitch = 2 * radius + apart;
  const [left, errorRadius] = [radius + (narrow ? 4 : 14), narrow ? 19 : 30];
  const right = width - errorRadius - 4;
  const last = right - errorRadius - radius - (narrow ? 24 : 74);
  const top = radius + 34;
  const height = top + (most - 1) * pitch + radius + 46;
  const middle = top + ((most - 1) * pitch) / 2;
  const column = (l) => left + ((last - left) * l) / (units.length - 1);
  return {
    width,
    height,
    radius,
    narrow,
    many,
    digits: narrow || parts.length > 24 ? 5 : 8, // characters of a weight
    nodes: units.map((layer, l) =>
      layer.map((_, k) => ({ x: column(l), y: middle + (k - (layer.length - 1) / 2) * pitch })),
    ),
    gap: column(1) - column(0) - 2 * radius,
    error: { x: right, y: middle, r: errorRadius },
  };
};

// The point at a share of the way along a weight's edge, from circle to circle.
const pointOnEdge = ({ nodes, radius }, { layer, i, j }, share) => {
  const [from, to] = [nodes[layer][i], nodes[layer + 1][j]];
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const along = (radius + share * (length - 2 * radius)) / length;
  return { x: from.x + along * (to.x - from.x), y: from.y + along * (to.y - from.y) };
};

// The two ends of the edge of a weight or bias.
export const edgeEnds = (layout, part) => {
  if (!part.bias) return [pointOnEdge(layout, part, 0), pointOnEdge(layout, part, 1)];
  const { nodes, radius } = layout;
  const target = nodes[part.layer + 1][part.j];
  const from = { x: target.x - radius - 8, y: target.y - radius - 6 };
  const reach = radius / Math.hypot(radius + 8, radius + 6);
  return [from, { x: target.x - (radius + 8) * reach, y: target.y - (radius + 6) * reach }];
};

const SHARES = [0.32, 0.28, 0.36, 0.24, 0.4, 0.62, 0.68, 0.56]; // of an edge, the best first

// By the name of a weight or bias, where its label stands; without the layers whose labels overlap
// wherever they stand.
export const labelPoints = (layout, { network, parts }) => {
  const { narrow, gap, digits } = layout;
  const points = new Map();
  const [wide, high] = narrow ? [54, 13] : [(digits + 2) * 8, 17];
  const overlap = (p, q) => Math.abs(p.x - q.x) <= wide && Math.abs(p.y - q.y) <= high;
  network.starts.forEach((_, l) => {
    const arriving = parts.filter((part) => part.layer === l);
    for (const share of SHARES) {
      const found = arriving.map((part) => labelPoint(layout, part, share));
      if (gap < wide || found.some((p, k) => found.slice(k + 1).some((q) => overlap(p, q))))
        continue;
      arriving.forEach(({ name }, k) => points.set(name, found[k]));
      break;
    }
  });
  return points;
};

const labelPoint = (layout, part, share) => {
  if (!part.bias) return pointOnEdge(layout, part, share);
  const [{ x, y }] = edgeEnds(layout, part);
  return { x: x - 4, y: y - 12 };
};

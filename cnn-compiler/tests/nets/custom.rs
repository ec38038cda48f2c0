const SIDE = 6;

block located(c, f) {
    coord: custom(layers::Coordinates<c, SIDE>, c + 2 x SIDE x SIDE, weight = 2) -> conv: conv(4, 1x1) -> map(f);
}

Custom: 3x6x6 -> 5 {
    a: located(3, functions::bent);
    both: custom(Gate, 4x6x6, scratch = 36, weight = 4, mean = buffer(4)) { skip; conv(4, 3x3, pad = 1); };
    linear(5) -> map(pass);
}

//! The names of classes. Sources and licences are in `models/labels/README.md`.

/// The 1,000 classes of ImageNet (ILSVRC 2012), named as in torchvision.
pub static IMAGENET: [&str; 1000] = lines(include_str!("../labels/imagenet.txt"));

/// The ten digits.
pub static DIGITS: [&str; 10] = lines(include_str!("../labels/digits.txt"));

/// The ten classes of CIFAR-10.
pub static CIFAR10: [&str; 10] = lines(include_str!("../labels/cifar10.txt"));

/// Whether there is a person in a picture.
pub static VISUAL_WAKE_WORDS: [&str; 2] = lines(include_str!("../labels/visual-wake-words.txt"));

/// The lines of a text with `N` of them, which is checked at compile time.
const fn lines<const N: usize>(mut text: &'static str) -> [&'static str; N] {
    let mut lines = [""; N];
    let mut count = 0;
    while !text.is_empty() {
        let mut end = 0;
        while text.as_bytes()[end] != b'\n' {
            end += 1;
        }
        let (line, rest) = text.split_at(end);
        // Git may have checked out the file with Windows line endings.
        lines[count] = match line.as_bytes() {
            [.., b'\r'] => line.split_at(end - 1).0,
            _ => line,
        };
        text = rest.split_at(1).1;
        count += 1;
    }
    assert!(count == N, "another number of lines");
    lines
}

// Line ends of Windows are no part of a line.
const _: () = {
    let [first, empty, last] = lines("a\r\n\nb c\n");
    assert!(matches!((first.as_bytes(), empty.as_bytes(), last.as_bytes()), (b"a", b"", b"b c")));
};

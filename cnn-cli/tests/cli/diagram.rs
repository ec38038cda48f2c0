//! `cnn diagram`

use std::fs;
use std::path::Path;

use roxmltree::Document;

use super::support::{Folder, json, run};

/// The names of all nets.
fn nets() -> Vec<String> {
    let list = json(&run(["list", "--json"]));
    let nets = list["nets"].as_array().expect("it is a list").iter();
    nets.map(|net| net["net"].as_str().expect("it is a name").to_owned()).collect()
}

/// The drawings that the nets' pages show. `BLESS=1` writes them; a new net first needs an empty file.
#[test]
fn the_drawings_in_the_documentation_are_those_of_the_nets() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/diagrams");
    for net in nets() {
        let drawn = run(["diagram", &net]).ok();
        // Two of torchvision's nets are the same as the papers'.
        let names = [Some(net.as_str()), net.strip_prefix("torchvision-")].into_iter().flatten();
        let path = names.map(|name| folder.join(format!("{name}.svg"))).find(|path| path.exists());
        let path = path.unwrap_or_else(|| panic!("models/diagrams has no {net}.svg"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &drawn).unwrap();
        }
        assert!(
            fs::read_to_string(&path).unwrap() == drawn,
            "{} differs from the drawing; `BLESS=1` writes it",
            path.display()
        );
        // An empty line would end it in a documentation comment.
        assert!(!drawn.contains("\n\n"), "{net}");
    }
}

/// The README's pictures, for light and dark pages. `BLESS=1` writes them.
#[test]
fn the_pictures_in_the_readme_are_as_they_are_drawn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    for theme in ["light", "dark"] {
        let folder = Folder::new(&format!("readme-{theme}"));
        for net in ["alexnet", "vgg16", "inception-v1", "resnet50"] {
            folder.file(&format!("{net}.svg"), run(["diagram", net, "--theme", theme]).ok());
        }
        run(["figures".as_ref(), folder.path("").as_os_str(), "--theme".as_ref(), theme.as_ref()]).ok();
        for name in ["alexnet", "vgg16", "inception-v1", "resnet50", "convolution", "pooling", "batch-norm"] {
            let picture = format!("docs/pictures/{name}-{theme}.svg");
            let drawn = fs::read_to_string(folder.path(&format!("{name}.svg"))).unwrap();
            if std::env::var_os("BLESS").is_some() {
                fs::write(root.join(&picture), &drawn).unwrap();
            }
            assert!(fs::read_to_string(root.join(&picture)).unwrap() == drawn, "{picture}: `BLESS=1` draws it");
            assert!(readme.contains(&picture), "the README does not show {picture}");
        }
    }
}

#[test]
fn a_file_is_written_as_its_name_says() {
    let folder = Folder::new("diagram-file");
    let (svg, png) = (folder.path("net.svg"), folder.path("net.PNG"));
    assert_eq!(run(["diagram".as_ref(), "lenet5".as_ref(), "-o".as_ref(), svg.as_os_str()]).ok(), "");
    assert_eq!(fs::read_to_string(&svg).unwrap(), run(["diagram", "lenet5"]).ok());
    run(["diagram".as_ref(), "lenet5".as_ref(), "-o".as_ref(), png.as_os_str()]).ok();
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    let other = folder.path("net.gif");
    let message = run(["diagram".as_ref(), "lenet5".as_ref(), "-o".as_ref(), other.as_os_str()]).error();
    assert!(message.ends_with("ends in neither .svg nor .png: say `--format svg` or `--format png`"), "{message}");
    run(["diagram".as_ref(), "lenet5".as_ref(), "--format".as_ref(), "svg".as_ref(), "-o".as_ref(), other.as_os_str()])
        .ok();
    assert_eq!(folder.names(), ["net.PNG", "net.gif", "net.svg"]);
}

/// The words on a drawing become pixels, whatever fonts the machine has.
#[test]
fn text_is_drawn_without_fonts_of_the_machine() {
    let folder = Folder::new("diagram-text");
    let path = folder.path("net.png");
    run(["diagram".as_ref(), "lenet5".as_ref(), "-o".as_ref(), path.as_os_str()]).ok();
    let file = fs::File::open(&path).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits in memory")];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, 2 * 760);
    // The upper left corner holds the net's name and nothing else, so its letters cover part of it.
    let dark = |x: u32, y: u32| pixels[4 * (y * info.width + x) as usize] < 100;
    let corner = (32..160).flat_map(|x| (34..60).map(move |y| (x, y)));
    let covered = corner.filter(|(x, y)| dark(*x, *y)).count();
    assert!((300..2000).contains(&covered), "{covered}");
}

#[test]
fn options_change_the_drawing() {
    let drawn = |more: &[&str]| run(["diagram", "resnet18"].iter().chain(more)).ok();
    let plain = drawn(&[]);
    for more in [
        &["--detail", "full"][..],
        &["--width", "500"],
        &["--theme", "dark"],
        &["--theme", "light"],
        &["--unfold"],
        &["--memory"],
    ] {
        let other = drawn(more);
        Document::parse(&other).unwrap_or_else(|error| panic!("{more:?}: {error}"));
        assert_ne!(plain, other, "{more:?}");
    }
    assert!(drawn(&["--memory"]).contains("lower bound"));
}

#[test]
fn undrawable_requests_are_reported() {
    assert_eq!(
        run(["diagram", "rasnet18"]).error(),
        "there is no net `rasnet18`; did you mean `resnet18` or `torchvision-resnet18`? `cnn list` shows all"
    );
    let nowhere = run(["diagram", "lenet5", "-o", "nowhere/a.svg"]).error();
    assert_eq!(nowhere, "nowhere/a.svg cannot be written: there is no folder nowhere: name a folder that exists");
    let folder = Folder::new("diagram-errors");
    let file = folder.file("note.txt", "mine");
    let message = run(["diagram".as_ref(), "--all".as_ref(), file.as_os_str()]).error();
    assert!(message.ends_with("note.txt is a file, not a folder: name another one"), "{message}");
    // If there is a folder in place of a drawing, nothing is written.
    std::fs::create_dir_all(folder.path("taken/vgg16-full.svg")).unwrap();
    let message = run(["diagram".as_ref(), "--all".as_ref(), folder.path("taken").as_os_str()]).error();
    assert!(message.ends_with(": move this folder away, or name another file or folder"), "{message}");
    assert_eq!(fs::read_dir(folder.path("taken")).unwrap().count(), 1);
    for contradiction in
        [&["diagram"][..], &["diagram", "lenet5", "--all", "x"], &["diagram", "lenet5", "--width", "10"]]
    {
        assert_eq!(run(contradiction).code, Some(2));
    }
}

#[test]
fn the_gallery_has_every_net_and_loads_nothing() {
    let folder = Folder::new("diagram-gallery");
    run(["diagram".as_ref(), "--all".as_ref(), folder.path("").as_os_str()]).ok();
    let page = fs::read_to_string(folder.path("index.html")).unwrap();
    let nets = nets();
    for net in &nets {
        assert!(page.contains(&format!("<section id=\"{net}\"")), "{net}");
        for kind in ["article", "full", "memory"] {
            let file = fs::read_to_string(folder.path(&format!("{net}-{kind}.svg"))).unwrap();
            Document::parse(&file).unwrap_or_else(|error| panic!("{net}: {error}"));
            assert!(page.contains(&file), "{net}-{kind}");
        }
    }
    assert_eq!(folder.names().len(), 3 * nets.len() + 1);
    for outside in ["src=", "@import", "url(", "<link rel=\"stylesheet\""] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Links lead to parts of the page, or to the drawings in its folder.
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(link.starts_with('#') || link == "data:," || folder.path(link).exists(), "{link}");
    }
    let table = &page[page.find("<tbody>").unwrap()..page.find("</tbody>").unwrap()];
    assert_eq!(table.matches("<tr>").count(), nets.len());
    assert!(table.contains("<td>50: 49 + 1</td><td class=\"number\">25,557,032</td>"), "{table}");
}

//! Pictures in a folder for each class.

use cnn_net::text::count;
use std::fs;
use std::path::{Path, PathBuf};

use image::RgbImage;

use super::bytes::{Picture, check, fitted};
use super::{DataSet, Wanted};
use crate::error::{Error, printable};
use crate::learner::TargetKind;
use crate::picture;

/// The ends of the names of pictures.
const PICTURES: [&str; 3] = ["png", "jpg", "jpeg"];
/// The ends of the names of pictures in other formats. Whatever would be left out silently is an error: these, and pictures that are
/// in no class, or in folders within a class.
const OTHERS: [&str; 8] = ["webp", "bmp", "gif", "tif", "tiff", "avif", "heic", "jxl"];

/// What is in a folder, sorted by name, but for hidden files.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |error| Error::unreadable(folder, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !name(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

pub(super) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn has_extension(path: &Path, among: &[&str]) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| among.contains(&extension.as_str()))
}

/// The pictures of a class.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let files = entries(folder)?;
    if let Some(other) = files.iter().find(|path| has_extension(path, &OTHERS)) {
        return Err(Error::data(other, "is neither PNG nor JPEG: convert it, or remove it"));
    }
    if let Some(inner) = files.iter().find(|path| path.is_dir()) {
        return Err(Error::data(inner, "is a folder within a class: move its pictures up, or remove it"));
    }
    let pictures: Vec<PathBuf> = files.into_iter().filter(|path| has_extension(path, &PICTURES)).collect();
    if pictures.is_empty() {
        return Err(Error::data(folder, "has no pictures: put PNG or JPEG files into it, or remove it"));
    }
    Ok(pictures)
}

/// The set of a folder, which has a folder of pictures for each class.
pub(super) fn set(folder: &Path, wanted: &Wanted) -> Result<DataSet, Error> {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries(folder)?.into_iter().partition(|path| path.is_dir());
    let classes: Vec<String> = folders.iter().map(|path| name(path)).collect();
    if classes.len() < 2 {
        return Err(Error::data(
            folder,
            "has neither IDX files nor a folder of pictures for each of several classes: cats/1.png, dogs/1.png",
        ));
    }
    if let Some(stray) = files.iter().find(|path| has_extension(path, &PICTURES) || has_extension(path, &OTHERS)) {
        return Err(Error::data(stray, "is a picture of no class: move it into the folder of one, or remove it"));
    }
    check_classes(folder, &classes, wanted.target)?;
    check(wanted)?;
    let (mut bytes, mut labels) = (Vec::new(), Vec::new());
    for (class, folder) in (0..).zip(&folders) {
        for path in pictures(folder)? {
            let read = picture::open(&path).map_err(|error| Error::Picture { path: path.clone(), error })?;
            let (width, height) = (read.width as u32, read.height as u32);
            // As many bytes as pixels have.
            let Some(picture) = RgbImage::from_raw(width, height, read.pixels.into_flattened()) else { continue };
            bytes.extend(fitted(&Picture::Colours(picture), wanted.shape, wanted.resize)?);
            labels.push(class);
        }
    }
    Ok(DataSet::of_bytes(wanted, bytes, &labels)?.named(classes))
}

/// A net has as many classes as there are folders.
fn check_classes(folder: &Path, classes: &[String], target: TargetKind) -> Result<(), Error> {
    let outputs = match target {
        TargetKind::Class(outputs) | TargetKind::Numbers(outputs) => outputs,
        // That has its own error.
        TargetKind::Pixels(_) => return Ok(()),
    };
    let found = classes.len();
    if found == outputs || (outputs == 1 && found == 2) {
        return Ok(());
    }
    let few: Vec<String> = classes.iter().take(4).map(|class| printable(class)).collect();
    let dots = if found > few.len() { ", …" } else { "" };
    Err(Error::data(
        folder,
        format!(
            "has {} ({}{dots}), but the net has {}: let it end in `linear({found})`, or give as many \
             folders as it has outputs",
            if found == 1 { "1 class".to_owned() } else { format!("{found} classes") },
            few.join(", "),
            count(outputs as u64, "output")
        ),
    ))
}

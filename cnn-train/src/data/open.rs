//! Finds the data set at a path.

use std::ffi::OsStr;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use cnn_digits::{idx as files, mnist};
use flate2::read::GzDecoder;

use super::{DataSet, Wanted, folder, idx, table};
use crate::error::{Error, shown};

/// What stands for the digits in this crate. A folder of that name is `./digits`.
pub const DIGITS: &str = "digits";

/// The names of the training and the validation part.
const TRAINING: [&str; 1] = ["train"];
const VALIDATION: [&str; 4] = ["t10k", "test", "val", "dev"];

/// Training data and, if there is any, validation data.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// The training data.
    pub training: DataSet,
    /// The validation data.
    pub validation: Option<DataSet>,
}

/// Reads the data at some paths:
///
/// - `digits`: 1,000 digits of MNIST, which are in this crate;
/// - a folder with IDX files named as MNIST's, `train-images…` and `train-labels…`, perhaps also `t10k-images…` and `t10k-labels…`;
/// - a folder that has a folder of PNG or JPEG pictures for each class, or such folders in `train` and `val`;
/// - an IDX file of images, and one of labels;
/// - a file of comma-separated values: in each line the inputs, then the class or the target values.
///
/// If the paths lead to two sets, the second one is for validation.
///
/// # Errors
///
/// If there is no data, if something can't be read, or if it does not fit the net.
pub fn open(paths: &[PathBuf], wanted: &Wanted) -> Result<Parts, Error> {
    let mut sets = Vec::new();
    let mut rest = paths.iter().map(PathBuf::as_path);
    while let Some(path) = rest.next() {
        if path == OsStr::new(DIGITS) {
            sets.push(digits(wanted)?);
        } else if path.is_dir() {
            sets.extend(of_folder(path, wanted)?);
        } else if has_extension(path, "csv") {
            sets.push(table::set(path, wanted)?);
        } else {
            sets.push(of_files(path, rest.next(), wanted)?);
        }
    }
    let mut sets = sets.into_iter();
    match (sets.next(), sets.next(), sets.next()) {
        (Some(training), validation, None) => {
            if let Some(validation) = &validation {
                check_same_classes(&training, validation)?;
            }
            Ok(Parts { training, validation })
        }
        (Some(_), ..) => Err(Error::Misfit(
            "the data has more than two parts: name what to train on, and what to judge by".to_owned(),
        )),
        (None, ..) => Err(Error::Misfit("there is no data: name a folder, or files of images and labels".to_owned())),
    }
}

fn has_extension(path: &Path, expected: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(expected))
}

/// An IDX file, and the next path, which must be its other half.
fn of_files(path: &Path, next: Option<&Path>, wanted: &Wanted) -> Result<DataSet, Error> {
    match next {
        Some(next) => idx::pair([path, next], wanted),
        None => {
            let is_labels = idx::read(path)?.dimensions.len() == 1;
            let [has, lacks] = if is_labels { ["labels", "images"] } else { ["images", "labels"] };
            Err(Error::data(path, format!("has {has} but no {lacks}: name the file with the {lacks} after it")))
        }
    }
}

/// The digits in the crate.
fn digits(wanted: &Wanted) -> Result<DataSet, Error> {
    let path = Path::new(DIGITS);
    let read = |bytes: &'static [u8]| {
        files::array(GzDecoder::new(Cursor::new(bytes))).map_err(|error| Error::Idx { path: path.to_path_buf(), error })
    };
    idx::set([&read(mnist::TEST_IMAGES)?, &read(mnist::TEST_LABELS)?], [path, path], wanted)
}

/// The one or two sets of a folder.
fn of_folder(path: &Path, wanted: &Wanted) -> Result<Vec<DataSet>, Error> {
    let entries = folder::entries(path)?;
    let parts = |names: &[&str]| {
        let is_named = |path: &&PathBuf| {
            let name = folder::name(path).to_ascii_lowercase();
            names.iter().any(|part| name.starts_with(part))
        };
        // A folder of pictures alone is a class, whatever it is called: bus, car, train.
        entries.iter().filter(is_named).filter(|path| has_folders(path)).collect::<Vec<&PathBuf>>()
    };
    if let [training] = parts(&TRAINING)[..] {
        let mut sets = vec![folder::set(training, wanted)?];
        match parts(&VALIDATION)[..] {
            [] => {}
            [validation] => sets.push(folder::set(validation, wanted)?),
            [first, second, ..] => {
                return Err(Error::data(
                    path,
                    format!("has {} and {}: name the folders that are meant", shown(first), shown(second)),
                ));
            }
        }
        return Ok(sets);
    }
    let files: Vec<&PathBuf> = entries.iter().filter(|path| !path.is_dir() && half(path).is_some()).collect();
    if files.is_empty() {
        return Ok(vec![folder::set(path, wanted)?]);
    }
    let is_validation = |path: &&PathBuf| {
        let name = folder::name(path).to_ascii_lowercase();
        !name.contains(TRAINING[0]) && VALIDATION.iter().any(|part| name.contains(part))
    };
    let (validation, training): (Vec<&PathBuf>, Vec<&PathBuf>) = files.into_iter().partition(is_validation);
    if training.is_empty() {
        return Err(Error::data(path, "has images to judge by, but none to train on: name the files that are meant"));
    }
    [training, validation]
        .iter()
        .filter(|files| !files.is_empty())
        .map(|files| of_halves(path, files, wanted))
        .collect()
}

/// Whether this is a folder with folders in it.
fn has_folders(path: &Path) -> bool {
    folder::entries(path).is_ok_and(|entries| entries.iter().any(|entry| entry.is_dir()))
}

/// Which part of a set an IDX file's name says that it is.
fn half(path: &Path) -> Option<Half> {
    let name = folder::name(path).to_ascii_lowercase();
    let is_idx = name.contains("idx") || name.contains("ubyte");
    match (is_idx, name.contains("images"), name.contains("labels")) {
        (true, true, false) => Some(Half::Images),
        (true, false, true) => Some(Half::Labels),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Half {
    Images,
    Labels,
}

/// The set of the IDX files of one part of a folder.
fn of_halves(folder: &Path, files: &[&PathBuf], wanted: &Wanted) -> Result<DataSet, Error> {
    let of = |wanted: Half| files.iter().filter(|path| half(path) == Some(wanted)).collect::<Vec<_>>();
    let (images, labels) = (of(Half::Images), of(Half::Labels));
    match (&images[..], &labels[..]) {
        ([images], [labels]) => idx::pair([images, labels], wanted),
        ([], [labels, ..]) => Err(Error::data(
            labels,
            "has labels, but there are no images next to it: a name such as train-images-idx3-ubyte",
        )),
        ([images, ..], []) => Err(Error::data(
            images,
            "has images, but there are no labels next to it: a name such as train-labels-idx1-ubyte",
        )),
        ([], []) => Err(Error::data(folder, "has no IDX files")),
        (several, _) if several.len() > 1 => Err(ambiguous(folder, several)),
        (_, several) => Err(ambiguous(folder, several)),
    }
}

fn ambiguous(folder: &Path, files: &[&&PathBuf]) -> Error {
    let names: Vec<String> = files.iter().map(|path| folder::name(path)).collect();
    Error::data(folder, format!("has {}: name the files that are meant", names.join(" and ")))
}

/// Folders of the same class must have the same number.
fn check_same_classes(training: &DataSet, validation: &DataSet) -> Result<(), Error> {
    let [ours, theirs] = [training, validation].map(DataSet::classes);
    match ours.iter().zip(theirs).find(|(our, their)| our != their) {
        Some((our, their)) => Err(Error::Misfit(format!(
            "the classes to train on and those to judge by differ: `{our}` and `{their}` have the same place; give both parts the \
             same folders"
        ))),
        None => Ok(()),
    }
}

//! Files as people have them: folders and archives that other programs made, photos under any name, boxes in every dialect.

use std::io::{Cursor, Write};
use std::path::Path;

use camscope::core::annotations::{Annotation, AnnotationError, Frame, Matching, PhotoOf, voc, yolo};
use camscope::core::file_kind::FileKind;
use camscope::core::geometry::Rect;
use camscope::core::preprocessing::Preprocessing;
use camscope::data::{Boxed, DataError, Split};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::source;

const PREPROCESSING: Preprocessing = Preprocessing { resize: 8, size: 8, mean: [127.5; 3], std: [127.5; 3] };

fn photo(format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(40, 20, image::Rgb([90; 3])).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg() -> Vec<u8> {
    photo(image::ImageFormat::Jpeg)
}

fn write(root: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn folder(path: &Path) -> Split {
    source("folder", path).load(&PREPROCESSING).unwrap()
}

fn folder_of(files: &[(&str, &[u8])]) -> Split {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), files);
    folder(root.path())
}

fn boxed(format: &str, files: &[(&str, &[u8])], classes: &[&str]) -> Result<Boxed, DataError> {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), files);
    let classes: Vec<String> = classes.iter().map(|class| class.to_string()).collect();
    source(format, root.path()).load_boxed(&PREPROCESSING, &classes).map(|boxed| boxed.unwrap())
}

/// Sizes of the parts.
fn sizes(split: &Split) -> [usize; 3] {
    [split.train.len(), split.validation.len(), split.test.len()]
}

#[test]
fn parts_have_many_names() {
    let photo = jpeg();
    for names in [["train", "val", "test"], ["Train", "valid", "TEST"], ["training", "validation", "testing"]] {
        let paths: Vec<String> =
            names.iter().flat_map(|part| ["cats", "dogs"].map(|class| format!("{part}/{class}/a.jpg"))).collect();
        let files: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), photo.as_slice())).collect();
        let split = folder_of(&files);
        assert_eq!((split.train.classes.join(" ").as_str(), sizes(&split)), ("cats dogs", [2, 2, 2]), "{names:?}");
    }
}

#[test]
fn photos_below_a_class_are_its_own_and_photos_beside_classes_are_none() {
    let photo = jpeg();
    let split = folder_of(&[
        ("set/train/cats/2023/a.jpg", &photo),
        ("set/train/cats/2024/june/b.jpg", &photo),
        ("set/train/dogs/c.jpg", &photo),
        ("set/test/cats/2023/d.jpg", &photo),
        ("set/cover.jpg", &photo),
        ("set/labels.csv", b"a,b"),
        ("set/train/dogs/notes.TXT", b"good dog"),
    ]);
    assert_eq!((split.train.classes.join(" ").as_str(), sizes(&split)), ("cats dogs", [3, 0, 1]));
    let notes = split.notes.join("; ");
    assert!(notes.contains("1 photo lies beside the class folders") && notes.contains("set/cover.jpg"), "{notes}");
    assert!(notes.contains("2 files were passed over: 1 .csv, 1 .txt"), "{notes}");
    assert_eq!(split.skipped, [""; 0]);
}

#[test]
fn files_that_programs_make_for_themselves_do_not_count() {
    let photo = jpeg();
    let split = folder_of(&[
        ("cats/a.jpg", &photo),
        ("dogs/b.jpg", &photo),
        ("__MACOSX/cats/._a.jpg", b"\0\x05\x16\x07"),
        ("cats/._a.jpg", b"\0\x05\x16\x07"),
        ("cats/.ipynb_checkpoints/a-checkpoint.jpg", &photo),
        ("dogs/@eaDir/b.jpg/SYNOPHOTO_THUMB_M.jpg", &photo),
        (".thumbnails/c.jpg", &photo),
        ("Thumbs.db", b"x"),
        ("cats/.DS_Store", b"x"),
    ]);
    assert_eq!((split.train.classes.join(" ").as_str(), sizes(&split)), ("cats dogs", [2, 0, 0]));
    assert_eq!((split.skipped, split.notes), (vec![], vec![]), "nobody needs to know of them");
}

#[test]
fn photos_count_under_any_name() {
    let (photo, png) = (jpeg(), photo(image::ImageFormat::Png));
    let split = folder_of(&[
        ("a/1.jfif", &photo),
        ("a/2.JPE", &photo),
        ("a/3.pjpeg", &photo),
        ("a/4", &photo),
        ("a/5.jpg.download", &png),
        ("b/6.JPG", &photo),
        ("b/7.tiff", b"II*\0\x08\0\0\0"),
    ]);
    assert_eq!((sizes(&split), split.notes.join("").as_str()), ([6, 0, 0], "1 file was passed over: 1 .tiff"));
}

/// The same name in Unicode's composed and decomposed form, as Linux and macOS write it.
#[test]
fn names_are_compared_in_one_form() {
    let photo = jpeg();
    let split = folder_of(&[("train/고양이/a.jpg", &photo), ("train/개/a.jpg", &photo), ("test/고양이/b.jpg", &photo)]);
    assert_eq!((split.train.classes.len(), sizes(&split)), (2, [2, 0, 1]), "{:?}", split.train.classes);
}

#[cfg(unix)]
#[test]
fn links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let (root, photo) = (tempfile::tempdir().unwrap(), jpeg());
    let at = |name: &str| root.path().join(name);
    write(root.path(), &[("store/cats/a.jpg", &photo), ("store/cats/b.jpg", &photo), ("data/dogs/c.jpg", &photo)]);
    symlink("../store/cats", at("data/cats")).unwrap();
    symlink("../../data", at("data/dogs/up")).unwrap();
    symlink("gone.jpg", at("data/dogs/d.jpg")).unwrap();
    symlink("c.jpg", at("data/dogs/again.jpg")).unwrap();
    let split = folder(&at("data"));
    assert_eq!((split.train.classes.join(" ").as_str(), sizes(&split)), ("cats dogs", [3, 0, 0]));
    let skipped = split.skipped.join("; ");
    assert!(
        skipped.contains("dogs/d.jpg: it is a link to nothing")
            && skipped.contains("dogs/up: it is a link to a folder around it"),
        "{skipped}"
    );
    assert!(split.notes.join("").contains("1 file was reached by a link, too, and counts once"), "{:?}", split.notes);
}

/// Bytes of the names "고양이" and "개" on Korean Windows.
const CAT: &[u8] = b"\xb0\xed\xbe\xe7\xc0\xcc";
const DOG: &[u8] = b"\xb0\xb3";

/// Pack files under names of any bytes: the writer's names are replaced in the finished archive.
fn zipped(files: &[(Vec<u8>, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stand_in = |i: usize, length: usize| format!("{i:x<length$}");
    for (i, (name, content)) in files.iter().enumerate() {
        zip.start_file(stand_in(i, name.len()), SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    for (i, (name, _)) in files.iter().enumerate() {
        let wanted = stand_in(i, name.len()).into_bytes();
        let places: Vec<usize> =
            (0..=bytes.len() - wanted.len()).filter(|&at| bytes[at..].starts_with(&wanted)).collect();
        // Before the name: the local header of 30 bytes, or the central one of 46.
        for at in places {
            let has = |back: usize, signature: &[u8]| {
                at.checked_sub(back).is_some_and(|start| bytes[start..].starts_with(signature))
            };
            if has(30, b"PK\x03\x04") || has(46, b"PK\x01\x02") {
                bytes[at..at + name.len()].copy_from_slice(name);
            }
        }
    }
    bytes
}

#[test]
fn archives_of_other_programs_are_read() {
    let photo = jpeg();
    let path = |class: &[u8], separator: &[u8], file: &str| [class, separator, file.as_bytes()].concat();
    let many = |class: &[u8], separator: &[u8]| -> Vec<(Vec<u8>, &[u8])> {
        (0..3).map(|i| (path(class, separator, &format!("photo-{i}.jpg")), photo.as_slice())).collect()
    };
    let root = tempfile::tempdir().unwrap();
    let utf8 = ["고양이", "개"].map(str::as_bytes);
    for (how, files) in [
        ("powershell", [many(utf8[0], b"\\"), many(utf8[1], b"\\")].concat()),
        ("utf8", [many(utf8[0], b"/"), many(utf8[1], b"/")].concat()),
        ("cp949", [many(CAT, b"/"), many(DOG, b"/")].concat()),
        (
            "finder",
            [
                many("pets/고양이".as_bytes(), b"/"),
                many("pets/개".as_bytes(), b"/"),
                many("__MACOSX/pets/개/.".as_bytes(), b"_"),
            ]
            .concat(),
        ),
    ] {
        let zip = root.path().join(format!("{how}.zip"));
        std::fs::write(&zip, zipped(&files)).unwrap();
        let split = folder(&zip);
        assert_eq!((split.train.classes.join(" ").as_str(), sizes(&split)), ("개 고양이", [6, 0, 0]), "{how}");
        assert_eq!(split.notes.join("").contains("EUC-KR was taken"), how == "cp949", "{how}: {:?}", split.notes);
    }
}

#[test]
fn kinds_are_told_by_all_that_the_first_bytes_say() {
    for (head, kind) in [
        (&b"\0\0\0\x20ftypheic\0\0\0\0mif1heic"[..], FileKind::Heic),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", FileKind::Avif),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", FileKind::Video),
        (b"\0\0\0\x14ftypM4A \0\0\0\0M4A ", FileKind::Audio),
        (b"\0\0\0\x14ftypcrx \0\0\0\0crx ", FileKind::Raw),
        (b"II*\0\x10\0\0\0CR\x02\0", FileKind::Raw),
        (b"FUJIFILMCCD-RAW 0201", FileKind::Raw),
        (b"MM\0*\0\0\0\x08", FileKind::Tiff),
        (b"\xff\x0a\x00\x10", FileKind::Jxl),
        (b"\0\0\0\x0cjP  \r\n\x87\n", FileKind::Jp2),
        (b"8BPS\0\x01", FileKind::Psd),
        (b"\0\0\x01\0\x01\0", FileKind::Icon),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", FileKind::Svg),
        (b"#?RADIANCE\n", FileKind::Hdr),
        (b"P6\n128 128\n255\n", FileKind::Pnm),
        (b"RIFF\x64\0\0\0WAVEfmt ", FileKind::Audio),
        (b"RIFF\xc8\0\0\0AVI LIST", FileKind::Video),
        (b"\x1a\x45\xdf\xa3\x9f\x42", FileKind::Video),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", FileKind::LfsPointer),
        (b"<!DOCTYPE html><html>", FileKind::Html),
        (b"\n\n  <html><body>Not found</body></html>", FileKind::Html),
        (&[0; 100], FileKind::Zeros),
        ("안녕하세요".as_bytes(), FileKind::Text),
        (&"안녕하세요".as_bytes()[..14], FileKind::Text),
        (b"\x00\x01\xfe\xff\x80\x90", FileKind::Unknown),
    ] {
        assert_eq!(FileKind::of(head), kind, "{:?}", String::from_utf8_lossy(head));
    }
}

/// One object in the middle, in every form in which tools and people write it.
#[test]
fn yolo_labels_have_many_dialects() {
    for line in [
        "4 0.5 0.5 0.4 0.4",
        "4.0 0.5 0.5 0.4 0.4",
        "4.000000000000000000e+00 5.0e-01 5.0e-01 4.0e-01 4.0e-01",
        "4\t0.5\t0.5\t0.4\t0.4  \r",
        "4,0.5,0.5,0.4,0.4",
        "4, 0.5, 0.5, 0.4, 0.4",
        "4 0,5 0,5 0,4 0,4",
        "\u{feff}4 0.5 0.5 0.4 0.4",
        "# made by hand\n\n4 0.5 0.5 0.4 0.4",
        "4 0.5 0.5 0.4 0.4 0.93",
        "4 0.3 0.3 0.7 0.3 0.7 0.7 0.3 0.7",
        "4 0.3 0.5 0.5 0.3 0.7 0.5 0.5 0.7 0.5 0.6",
        "4 0.5 0.5 0.4 0.4 0.4 0.4 2 0 0 0",
        "4 0.3 0.5 0.5 0.3 0.7 0.5 0.6 0.7 0.4 0.7",
    ] {
        let (found, errors) = yolo(line);
        let [Annotation { class, place }] = found.as_slice() else { panic!("{line}: {found:?} {errors:?}") };
        let sides = [(place.x, 0.3), (place.y, 0.3), (place.width, 0.4), (place.height, 0.4)];
        assert!(class == "4" && sides.iter().all(|(a, e)| (a - e).abs() < 1e-9), "{line}: {found:?}");
    }
    let (named, _) = yolo("traffic light 0.5 0.5 0.4 0.4");
    assert_eq!(named[0].class, "traffic light");
    // An outline at two borders of the photo is no box with keypoints.
    let (outline, _) = yolo("0 .3 .5 .4 .6 .2 .9 0 .8 .1 1");
    assert!((outline[0].place.width - 0.4).abs() < 1e-9 && outline[0].place.x == 0.0, "{outline:?}");
    let (clipped, _) = yolo("0 0.5 0.5 1.0004 1.0004\n0 -0.00001 0.5 0.2 0.2");
    assert_eq!(clipped[0].place, Rect { x: 0.0, y: 0.0, width: 1.0, height: 1.0 });
    assert_eq!(clipped[1].place.x, 0.0);
    let errors = |text: &str| yolo(text).1;
    assert!(matches!(errors("4 120 80 40 40")[..], [AnnotationError::Pixels { line: 1, .. }]));
    assert!(matches!(errors("4 0.5 0.5 0 0")[..], [AnnotationError::NoArea { line: 1, .. }]));
    for bad in [
        "4 nan 0.5 0.4 0.4",
        "-1 0.5 0.5 0.4 0.4",
        "4.5 0.5 0.5 0.4 0.4",
        "4 0.5 0.5 0.4",
        "no numbers",
        "4 -0.5 0.5 0.1 0.1",
    ] {
        assert!(matches!(errors(bad)[..], [AnnotationError::Yolo { line: 1, .. }]), "{bad}: {:?}", errors(bad));
    }
}

const LABEL: &[u8] = b"1 0.5 0.5 0.4 0.4\n";

#[test]
fn classes_have_the_names_that_the_data_gives_them() {
    let photo = jpeg();
    let named = |file: (&str, &[u8])| {
        boxed("yolo", &[("images/a.jpg", &photo), ("labels/a.txt", LABEL), file], &["airplane", "cat", "bicycle"])
            .unwrap()
    };
    for file in [
        ("data.yaml", &b"nc: 2\nnames: ['airplane', 'cat']\n"[..]),
        ("data.yaml", b"names:\n  0: airplane\n  1: cat\n"),
        ("dataset.yml", b"train: images\nnames:\n- airplane\n- cat\n"),
        ("obj.names", b"airplane\r\ncat\r\n"),
        ("labels/classes.txt", b"airplane\ncat\n"),
    ] {
        assert_eq!(named(file).data.labels, [1], "{}", file.0);
    }
    let numbered =
        boxed("yolo", &[("images/a.jpg", &photo), ("labels/a.txt", LABEL)], &["cat", "bicycle", "1"]).unwrap();
    assert_eq!(numbered.data.labels, [2], "a number without a name is its own name");
    assert!(numbered.notes.join("").contains("yolo-coco:"), "{:?}", numbered.notes);
    let coco = boxed("yolo-coco", &[("images/a.jpg", &photo), ("labels/a.txt", LABEL)], &["cat", "bicycle"]).unwrap();
    assert_eq!(coco.data.labels, [1]);
}

#[test]
fn each_annotation_goes_to_its_own_photo() {
    let matching = Matching::new([
        "train/images/1.jpg",
        "valid/images/1.jpg",
        "images/train/2.jpg",
        "images/val/2.jpg",
        "cam1/3.jpg",
        "cam2/3.jpg",
        "VOC/JPEGImages/4.jpg",
        "VOC/SegmentationClass/4.png",
        "odd/5.jpg",
    ]);
    for (path, photo) in [
        ("train/labels/1.txt", PhotoOf::One(0)),
        ("valid/labels/1.txt", PhotoOf::One(1)),
        ("labels/train/2.txt", PhotoOf::One(2)),
        ("object_detection/labels/val/2.txt", PhotoOf::One(3)),
        ("cam2/3.xml", PhotoOf::One(5)),
        ("VOC/Annotations/4.xml", PhotoOf::One(6)),
        ("elsewhere/5.xml", PhotoOf::One(8)),
        ("3.xml", PhotoOf::Several),
        ("README.txt", PhotoOf::None),
    ] {
        assert_eq!(matching.photos([path]), [photo], "{path}");
    }
    // A label whose own photo is missing does not go to another part's photo, which has its own label.
    let matching = Matching::new(["valid/images/7.jpg"]);
    assert_eq!(matching.photos(["train/labels/7.txt", "valid/labels/7.txt"]), [PhotoOf::None, PhotoOf::One(0)]);
}

/// In each encoding, the airplane counts and the Korean name is readable.
#[test]
fn annotations_are_read_in_their_encoding() {
    let xml = |declaration: &str, cat: &[u8]| {
        let object = |name: &[u8]| {
            [
                b"<object><name>",
                name,
                b"</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>40</xmax><ymax>20</ymax></bndbox></object>",
            ]
            .concat()
        };
        [
            declaration.as_bytes(),
            b"<annotation><size><width>40</width><height>20</height></size>",
            &object(b"airplane"),
            &object(cat),
            b"</annotation>",
        ]
        .concat()
    };
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(String::from_utf8(xml("", "고양이".as_bytes())).unwrap().encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for (how, bytes) in [
        ("UTF-8", xml("", "고양이".as_bytes())),
        (
            "UTF-8 with a mark and a blank line",
            [b"\xef\xbb\xbf\n", xml("<?xml version=\"1.0\"?>", "고양이".as_bytes()).as_slice()].concat(),
        ),
        ("EUC-KR", xml("<?xml version=\"1.0\" encoding=\"EUC-KR\"?>", CAT)),
        ("UTF-16", utf16),
    ] {
        let found = boxed("voc", &[("a.jpg", &jpeg()), ("a.xml", &bytes)], &["airplane", "고양이"]).unwrap();
        assert_eq!(found.data.labels, [0, 1], "{how}: {:?}", found.skipped);
    }
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("1 0.5 0.5 0.4 0.4".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let found = boxed("yolo", &[("images/a.JPG", &jpeg()), ("labels/a.TXT", &utf16)], &["1"]).unwrap();
    assert_eq!(found.data.labels, [0]);
}

fn object(name: &str, [x0, y0, x1, y1]: [&str; 4]) -> String {
    format!(
        "<object>\n<name>{name}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>\n"
    )
}

#[test]
fn one_bad_object_leaves_the_good_ones() {
    let good = object("cat", ["11", "11", "20", "20"]);
    let text = format!(
        "<annotation><size><width>100</width><height>50</height></size>\n{good}<object><name>dog</name></object>\n{}{good}</annotation>",
        object("dog", ["", "1", "2", "3"])
    );
    let found = voc(&text).unwrap();
    assert_eq!(found.objects.len(), 2);
    assert_eq!(
        found.errors,
        [AnnotationError::Voc { line: 4, missing: "bndbox" }, AnnotationError::Voc { line: 5, missing: "xmin" }]
    );
    let place = found.annotations(None)[0].place;
    assert_eq!(place, Rect { x: 0.1, y: 0.2, width: 0.1, height: 0.2 });

    let swapped = voc(&format!(
        "<annotation><size><width>100</width><height>50</height></size>{}</annotation>",
        object("cat", ["20", "20", "11", "11"])
    ))
    .unwrap();
    assert_eq!(swapped.annotations(None)[0].place, place, "corners in another order");
    let outline = "<annotation><size><width>100</width><height>50</height></size><object><name>cat</name><polygon><x1>10</x1><y1>10</y1><x2>20</x2><y2>12</y2><x3>12</x3><y3>20</y3></polygon></object></annotation>";
    assert_eq!(voc(outline).unwrap().annotations(None)[0].place, place, "an outline");
    assert_eq!(voc("<html/>"), Err(AnnotationError::NotVoc("html".into())));

    // Also when nothing is left, each reason has its file and line.
    let labels = b"4 120 80 40 40\nnonsense\n";
    let error = boxed("yolo", &[("images/a.jpg", &jpeg()), ("labels/a.txt", labels)], &["4"]).unwrap_err().to_string();
    assert!(
        error.contains("labels/a.txt: line 1 has numbers above 1") && error.contains("labels/a.txt: line 2 is not"),
        "{error}"
    );
}

/// A photo of 40 × 20 pixels that EXIF turns by a quarter: shown with 20 × 40. The object is in the upper right of what is shown.
#[test]
fn boxes_fit_the_photo_as_it_is_shown() {
    let shown = Frame { size: (20.0, 40.0), orientation: 6 };
    let close = |a: Rect, b: Rect| {
        [a.x - b.x, a.y - b.y, a.width - b.width, a.height - b.height].iter().all(|d| d.abs() < 1e-9)
    };
    let expected = Rect { x: 0.5, y: 0.0, width: 0.5, height: 0.25 };
    let of = |size: &str, corners| {
        voc(&format!("<annotation>{size}{}</annotation>", object("cat", corners))).unwrap().annotations(Some(shown))[0]
            .place
    };
    // Drawn on what is shown; on what is stored, where it is in the upper left; and on what is shown at twice the size.
    let as_shown = of("<size><width>20</width><height>40</height></size>", ["11", "1", "20", "10"]);
    let as_stored = of("<size><width>40</width><height>20</height></size>", ["1", "1", "10", "10"]);
    let scaled = of("<size><width>40</width><height>80</height></size>", ["21", "1", "40", "20"]);
    for place in [as_shown, as_stored, scaled] {
        assert!(close(place, expected), "{place:?}");
    }
    for size in ["", "<size><width>0</width><height>0</height></size>", "<size><width/><height/></size>"] {
        assert!(close(of(size, ["11", "1", "20", "10"]), expected), "the photo's own size counts: {size}");
    }
}

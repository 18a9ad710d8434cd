//! A snapshot's status in the forms of `--write-out`, letter by letter as `etcdutl` prints them.

use hydrofoil_raftstore::SnapshotStatus;

use super::WriteOut;

const HEADER: [&str; 4] = ["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE"];

/// The status with its line end.
pub fn status(status: &SnapshotStatus, form: WriteOut) -> String {
    let cells = [
        format!("{:x}", status.hash),
        status.revision.to_string(),
        status.total_key.to_string(),
        size(status.total_size),
    ];
    match form {
        WriteOut::Simple => cells.join(", ") + "\n",
        WriteOut::Table => table(&cells),
        WriteOut::Fields => format!(
            "\"Hash\" : {}\n\"Revision\" : {}\n\"Keys\" : {}\n\"Size\" : {}\n",
            status.hash, status.revision, status.total_key, status.total_size
        ),
        WriteOut::Json => {
            // Numbers cannot fail to become JSON.
            serde_json::to_string(status).unwrap_or_default() + "\n"
        }
    }
}

fn table(cells: &[String; 4]) -> String {
    let mut rule = String::from("+");
    let (mut header, mut row) = (String::from("|"), String::from("|"));
    for (name, cell) in HEADER.iter().zip(cells) {
        let width = name.len().max(cell.len());
        rule += &("-".repeat(width + 2) + "+");
        header += &format!(" {} |", centered(name, width));
        row += &format!(" {cell:>width$} |");
    }
    format!("{rule}\n{header}\n{rule}\n{row}\n{rule}\n")
}

/// With the odd blank on the right.
fn centered(text: &str, width: usize) -> String {
    let left = (width - text.len()) / 2;
    format!("{:left$}{text:<rest$}", "", rest = width - left)
}

/// Bytes in powers of 1,000, with one decimal below ten.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes} B");
    }
    let mut unit = "B";
    let mut scale = 1.0;
    for next in UNITS {
        if bytes as f64 / scale < 1000.0 {
            break;
        }
        (unit, scale) = (next, scale * 1000.0);
    }
    let value = (bytes as f64 / scale * 10.0 + 0.5).floor() / 10.0;
    if value < 10.0 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_people_read_them() {
        for (bytes, text) in [
            (0, "0 B"),
            (9, "9 B"),
            (10, "10 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (20_480, "20 kB"),
            (9_949, "9.9 kB"),
            (2_100_000, "2.1 MB"),
            (1_360_000_000, "1.4 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_table() {
        let shown = SnapshotStatus {
            hash: 0xfe01_cf57,
            revision: 10,
            total_key: 7,
            total_size: 2_100_000,
        };
        let expected = "\
+----------+----------+------------+------------+
|   HASH   | REVISION | TOTAL KEYS | TOTAL SIZE |
+----------+----------+------------+------------+
| fe01cf57 |       10 |          7 |     2.1 MB |
+----------+----------+------------+------------+
";
        assert_eq!(status(&shown, WriteOut::Table), expected);
    }
}

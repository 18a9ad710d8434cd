//! The printed table: a row for each figure, etcd's and ours, and their ratio.

use std::collections::BTreeMap;

/// Figures by their name and side.
#[derive(Debug, Default)]
pub struct Table {
    order: Vec<String>,
    figures: BTreeMap<String, BTreeMap<&'static str, f64>>,
}

impl Table {
    /// Notes a figure.
    pub fn add(&mut self, name: &str, side: &'static str, value: f64) {
        if !self.order.iter().any(|known| known == name) {
            self.order.push(name.to_owned());
        }
        self.figures
            .entry(name.to_owned())
            .or_default()
            .insert(side, value);
    }

    /// Prints all figures. The ratio is ours to etcd's.
    pub fn print(&self) {
        println!("{:<48} {:>14} {:>14} {:>8}", "", "etcd", "ours", "ratio");
        for name in &self.order {
            let figure = |side| self.figures.get(name).and_then(|sides| sides.get(side));
            let shown = |value: Option<&f64>| value.map_or("-".into(), |v| format!("{v:.2}"));
            let ratio = match (figure("etcd"), figure("ours")) {
                (Some(etcd), Some(ours)) if *etcd > 0.0 => format!("{:.2}", ours / etcd),
                _ => "-".into(),
            };
            println!(
                "{name:<48} {:>14} {:>14} {ratio:>8}",
                shown(figure("etcd")),
                shown(figure("ours"))
            );
        }
    }
}

use std::process::Command;
use std::sync::mpsc;
use std::thread;

fn main() {
    let (tx, rx) = mpsc::channel();
    let threads: Vec<_> = (0..8u64)
        .map(|n| {
            let tx = tx.clone();
            thread::spawn(move || (0..1000).for_each(|i| tx.send(n * i).unwrap()))
        })
        .collect();
    drop(tx);
    let sum: u64 = rx.iter().sum();
    threads.into_iter().for_each(|t| t.join().unwrap());
    let out = Command::new("uname").arg("-s").output().expect("uname");
    let cpus = thread::available_parallelism().unwrap();
    println!("rust {cpus} cpus {sum} {}", String::from_utf8_lossy(&out.stdout).trim());
}

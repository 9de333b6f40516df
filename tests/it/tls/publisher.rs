//! A small HTTP server that publishes a revocation list, or whatever it is told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct Publisher {
    pub(crate) url: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<usize>>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
pub(crate) enum Answer {
    /// This body.
    List(Vec<u8>),
    /// This status, no body.
    Status(u16),
    /// So many bytes.
    Endless(usize),
    /// Nothing, for ever.
    Silence,
}

impl Publisher {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/liste.crl", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::new(Mutex::new(answer)), Arc::new(Mutex::new(0)));
        let serving = tokio::spawn(serve(listener, answer.clone(), asked.clone()));
        Self { url, answer, asked, serving }
    }

    /// From now on it answers this.
    pub(crate) fn publish(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, answer: Arc<Mutex<Answer>>, asked: Arc<Mutex<usize>>) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let answer = answer.lock().unwrap().clone();
        *asked.lock().unwrap() += 1;
        tokio::spawn(async move {
            let mut request = [0; 1024];
            let _ = socket.read(&mut request).await;
            let bytes = match answer {
                Answer::List(body) => http(200, &body),
                Answer::Status(status) => http(status, b""),
                Answer::Endless(length) => http(200, &vec![0; length]),
                Answer::Silence => return tokio::time::sleep(Duration::from_hours(1)).await,
            };
            let _ = socket.write_all(&bytes).await;
        });
    }
}

fn http(status: u16, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Test\r\nContent-Length: {}\r\nConnection: close\r\nLocation: http://autre.test/\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

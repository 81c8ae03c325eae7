package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func ticks() int {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	n := 0
	for late := time.After(30 * time.Second); n < 5; {
		select {
		case <-ticker.C:
			n++
		case <-late:
			return -1
		}
	}
	return n
}

func killed() error {
	cmd := exec.Command("sleep", "99")
	if err := cmd.Start(); err != nil {
		return err
	}
	cmd.Process.Kill()
	return cmd.Wait()
}

func main() {
	var wg sync.WaitGroup
	var sum int64
	for i := 0; i < 1000; i++ {
		wg.Add(1)
		go func(n int) {
			defer wg.Done()
			for j := 0; j < 1000; j++ {
				atomic.AddInt64(&sum, int64(n))
			}
			runtime.Gosched()
		}(i)
	}
	wg.Wait()
	runtime.GC()
	out, err := exec.Command("uname", "-s").Output()
	if err != nil {
		fmt.Println("exec:", err)
		os.Exit(1)
	}
	fmt.Println("go", runtime.NumCPU(), "cpus", sum, strings.TrimSpace(string(out)))
	fmt.Println("ticks", ticks())
	fmt.Printf("%v, %v\n", exec.Command("sh", "-c", "exit 3").Run(), killed())
}

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

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
}

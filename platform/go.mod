module github.com/rondohq/rondo/platform

go 1.26.4

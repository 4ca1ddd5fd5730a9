module github.com/rondohq/rondo/environments

go 1.26.4

module github.com/rondohq/rondo/components

go 1.26.4

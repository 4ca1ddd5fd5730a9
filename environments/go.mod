module github.com/rondohq/rondo/environments

go 1.26.4

require github.com/rondohq/rondo/platform v0.0.0

replace github.com/rondohq/rondo/platform => ../platform

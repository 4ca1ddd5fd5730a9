module github.com/rondohq/rondo/infra

go 1.26.4

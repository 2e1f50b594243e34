"""A test double of Alibaba Cloud OSS; see README.md."""

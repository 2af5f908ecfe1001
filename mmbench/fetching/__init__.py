"""What a suite needs from elsewhere: how large it is, and fetching it before anything runs."""

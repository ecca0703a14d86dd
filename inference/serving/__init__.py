"""What a model says of a picture that belongs to no campaign: for scripts, phones and the page that tries models out."""

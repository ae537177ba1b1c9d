"""Joint training of coder and tester from execution feedback, round by round."""

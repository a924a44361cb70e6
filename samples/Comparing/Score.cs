namespace Comparing;

/// <summary>How good a model is, by one number.</summary>
/// <param name="Name">What the number is, for example <c>accuracy on the test set</c>.</param>
/// <param name="Value">The number. Trainings that are the same have the same one, to the last bit.</param>
/// <param name="Text">The number as people write it.</param>
internal sealed record Score(string Name, double Value, string Text);

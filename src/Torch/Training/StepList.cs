namespace Compat.Torch.Training;

/// <summary>The one rule that lists of steps of both sides follow.</summary>
public static class StepList
{
    /// <summary>Checks that a list of steps never decreases.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="name">The setting's name, for the message.</param>
    /// <exception cref="ArgumentException">A step is smaller than the one before. The originals take the list as it is and then skip steps.</exception>
    public static void Check(IReadOnlyList<int> steps, string name)
    {
        ArgumentNullException.ThrowIfNull(steps);
        for (int i = 1; i < steps.Count; i++)
        {
            if (steps[i] < steps[i - 1])
            {
                throw new ArgumentException(
                    $"{name} is [{string.Join(", ", steps)}]; {steps[i]} comes after {steps[i - 1]}, but the steps must not decrease. "
                    + $"Write [{string.Join(", ", steps.Order())}].",
                    name);
            }
        }
    }
}

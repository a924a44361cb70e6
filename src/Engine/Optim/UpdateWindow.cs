namespace Compat.Engine.Optim;

/// <summary>The counts of a wrapper: where it is in a window of accumulation, and where training ends.</summary>
/// <param name="length">How many counts make a window, at least 1.</param>
/// <param name="perIteration">How many counts an iteration makes, at least 1.</param>
internal sealed class UpdateWindow(int length, int perIteration)
{
    private const int Unknown = -1;

    private int max = Unknown;
    private int finished;
    private int? iteration;

    /// <summary>Gets or sets the number of counts so far.</summary>
    public int Count { get; set; }

    /// <summary>Gets the present iteration, counted from 0: by <see cref="FinishIter"/> in a training, else by the counts.</summary>
    public int Iteration => iteration ?? (Count / perIteration);

    /// <summary>Gets whether a window, or the training, ends here.</summary>
    public bool IsComplete => Count % length == 0 || Count == max;

    /// <summary>Begins anew, at an iteration of a number that is known.</summary>
    public void Initialize(int initIters, int maxIters)
    {
        Count = initIters * perIteration;
        max = maxIters * perIteration;
        finished = Count;
        iteration = initIters;
    }

    /// <summary>Goes on from another count.</summary>
    public void Resume(int count)
    {
        Count = count;
        finished = count;
    }

    /// <summary>Gets by what a loss is divided now. As MMEngine's <c>scale_loss</c>: in the last, shorter window by its length.</summary>
    public int LossFactor()
    {
        if (length == 1 || max == Unknown)
        {
            return length;
        }

        int remainder = max % length;
        int factor = Count < max - remainder ? length : remainder;
        return factor > 0
            ? factor
            : throw new InvalidOperationException(
                $"UpdateParams was called {Count + 1} times, but training has {max / perIteration} iterations of {perIteration}. With accumulation, "
                + "UpdatesPerIteration says how often each iteration calls it. Set it to the number of calls.");
    }

    /// <summary>Checks how many counts the iteration made.</summary>
    /// <remarks>Without accumulation, or a known end, any number is right.</remarks>
    public void FinishIter()
    {
        int made = Count - finished;
        finished = Count;
        iteration++;
        if (length > 1 && max != Unknown && made != perIteration)
        {
            throw new InvalidOperationException(
                $"The iteration called UpdateParams {made} times, but UpdatesPerIteration is {perIteration}. With accumulation, the loss of the last window "
                + "depends on it: make the same number of calls in each iteration, and set UpdatesPerIteration to it.");
        }
    }
}

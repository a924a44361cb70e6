namespace Compat.Benchmarks.Ways;

/// <summary>A runner of this project, advanced through its iterator.</summary>
internal sealed class RunnerWay : Way
{
    private readonly IEnumerator<int> iterations;
    private readonly IDisposable[] owned;

    public RunnerWay(string name, IEnumerable<int> iterations, params IDisposable[] owned)
        : base(name)
    {
        this.iterations = iterations.GetEnumerator();
        this.owned = owned;
    }

    public override void Iterate()
    {
        if (!iterations.MoveNext())
        {
            throw new InvalidOperationException($"The training of '{Name}' is over before the measuring is. Give it more iterations.");
        }
    }

    public override void Dispose()
    {
        iterations.Dispose();
        Array.ForEach(owned, item => item.Dispose());
    }
}

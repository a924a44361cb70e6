namespace Compat.Benchmarks.Ways;

/// <summary>One way to train a model, advanced iteration by iteration.</summary>
internal abstract class Way(string name) : IDisposable
{
    public string Name { get; } = name;

    /// <summary>Runs one iteration.</summary>
    public abstract void Iterate();

    public abstract void Dispose();
}

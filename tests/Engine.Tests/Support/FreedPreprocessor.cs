using Compat.Engine.Model;

namespace Compat.Engine.Tests.Support;

/// <summary>A preprocessor that writes down how it was freed.</summary>
internal sealed class FreedPreprocessor : BaseDataPreprocessor
{
    public List<bool> Freed { get; } = [];

    protected override void Dispose(bool disposing)
    {
        Freed.Add(disposing);
        base.Dispose(disposing);
    }
}

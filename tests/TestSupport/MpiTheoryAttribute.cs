namespace Compat.TestSupport;

/// <summary>As <see cref="MpiFactAttribute"/>, for theories.</summary>
public sealed class MpiTheoryAttribute : TheoryAttribute
{
    public MpiTheoryAttribute() => Skip = MpiRun.ReasonToSkip();
}

namespace Compat.TestSupport;

/// <summary>A test that needs <c>mpirun</c>; it is skipped with the reason where there is none (decision 24).</summary>
public sealed class MpiFactAttribute : FactAttribute
{
    public MpiFactAttribute() => Skip = MpiRun.ReasonToSkip();
}

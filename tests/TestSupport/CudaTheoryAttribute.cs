namespace Compat.TestSupport;

/// <summary>As <see cref="CudaFactAttribute"/>, for theories.</summary>
public sealed class CudaTheoryAttribute : TheoryAttribute
{
    public CudaTheoryAttribute() => Skip = CudaFactAttribute.ReasonToSkip();
}

namespace Compat.TestSupport;

/// <summary>A theory that needs a Python with torch, as <see cref="PythonFactAttribute"/> says.</summary>
public sealed class PythonTheoryAttribute : Xunit.TheoryAttribute
{
    public PythonTheoryAttribute() => Skip = PythonFactAttribute.Reason();
}

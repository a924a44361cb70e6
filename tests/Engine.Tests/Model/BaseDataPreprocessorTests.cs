using Compat.Engine.Tests.Support;

namespace Compat.Engine.Tests.Model;

public sealed class BaseDataPreprocessorTests
{
    [Fact]
    public void A_derived_one_is_told_that_it_is_disposed_by_hand()
    {
        FreedPreprocessor preprocessor = new();

        preprocessor.Dispose();

        preprocessor.Freed.Should().Equal(true);
    }
}

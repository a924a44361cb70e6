using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

public sealed class ClipGradValueTests
{
    [Fact]
    public void Every_element_is_limited_and_missing_gradients_are_left_out()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter first = new(zeros(3));
        Parameter second = new(zeros(1));
        first.grad = tensor([-3f, 0.5f, 2f]);

        ClipGradValue.Apply([first, second], 1);

        first.grad!.ToArray().Should().Equal(-1f, 0.5f, 1f);
        second.grad.Should().BeNull();
    }

    [Fact]
    public void A_negative_limit_is_refused()
    {
        Action clip = () => ClipGradValue.Apply([], -1);

        clip.Should().Throw<ArgumentOutOfRangeException>();
    }
}

using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class WriteCountTests
{
    [Fact]
    public void A_write_in_place_is_counted_and_reading_is_not()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] tensors = [zeros(3), ones(2)];
        long before = WriteCount.Of(tensors);

        _ = tensors[0] + tensors[1].sum();
        long read = WriteCount.Of(tensors);
        tensors[1].mul_(2);

        read.Should().Be(before);
        WriteCount.Of(tensors).Should().Be(before + 1);
        WriteCount.Of([]).Should().Be(0);
    }

    [Theory]
    [InlineData(Implementation.Fused, false)]
    [InlineData(Implementation.Foreach, true)]
    [InlineData(Implementation.PerParameter, true)]
    public void A_step_is_a_write_unless_a_fused_kernel_makes_it_which_the_optimizer_counts_itself(Implementation implementation, bool counted)
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(2, 2);
        using FusedAdam optimizer = new(model.parameters(), new(), implementation);
        model.forward(ones(1, 2)).sum().backward();
        long before = WriteCount.Of(model.parameters());

        optimizer.step();

        (WriteCount.Of(model.parameters()) > before).Should().Be(counted);
        optimizer.StepCount.Should().Be(1);
    }
}

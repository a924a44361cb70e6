using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Native;

public sealed class HostReadTests
{
    [Fact]
    public void Every_read_is_counted()
    {
        using Tensor number = tensor(2.5f);
        long before = HostRead.Count;

        HostRead.Number<float>(number).Should().Be(2.5f);
        using Tensor copy = HostRead.ToCpu(number);

        (HostRead.Count - before).Should().Be(2);
    }

    [Fact]
    public void Each_thread_counts_its_own_reads()
    {
        long elsewhere = -1;
        Thread thread = new(() => elsewhere = HostRead.Count);
        using Tensor number = tensor(1f);
        HostRead.Number<float>(number);

        thread.Start();
        thread.Join();

        elsewhere.Should().Be(0);
    }

    [Fact]
    public void What_is_kept_on_the_cpu_is_read_without_counting()
    {
        using Tensor number = tensor(7L);
        long before = HostRead.Count;

        HostRead.Local<long>(number).Should().Be(7);

        HostRead.Count.Should().Be(before);
    }

    [Fact]
    public void What_should_be_kept_on_the_cpu_and_is_not_is_refused()
    {
        using Tensor elsewhere = empty(1, device: new Device(TorchSharp.DeviceType.META));

        FluentActions.Invoking(() => HostRead.Local<float>(elsewhere)).Should().Throw<ArgumentException>().WithMessage(
            "The tensor is on meta, so reading it makes everybody wait. Keep it on the CPU.*");
    }
}
